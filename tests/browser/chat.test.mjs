// The web chat as riders and staff use it: two members and a member of staff in
// one daemon, on phones. With XIAOFENG_SHOTS=<directory> it also makes the
// picture of the README, chat.png.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Daemon } from './daemon.mjs';
import { findChromium, launch, Person } from './people.mjs';

if (!findChromium()) {
    console.log('no Chromium here');
    process.exit(77);
}

const shots = process.env.XIAOFENG_SHOTS;
const files = mkdtempSync(join(tmpdir(), 'xiaofeng-files-'));
const photo = join(files, 'photo.jpg');
let daemon, browser, wang, li;

const taken = {};
const shoot = async (person, name) => {
    if (shots) taken[name] = await person.page.screenshot();
};

/** Some of the pictures, side by side. */
async function mount(names, path) {
    const page = await browser.newPage({
        viewport: { width: 300 * names.length + 40, height: 620 },
        deviceScaleFactor: 1.5,
    });
    const images = names.map((name) => {
        const data = taken[name].toString('base64');
        return `<img src="data:image/png;base64,${data}" width="280">`;
    });
    await page.setContent(`<style>body{margin:0;padding:30px;display:flex;
        gap:20px;background:#e9e3d5}img{border-radius:22px;
        box-shadow:0 4px 18px #0003}</style>${images.join('')}`);
    await page.screenshot({ path });
    await page.close();
}

// A blocked fire exit, as well as a page can draw it.
const picture = `<body style="margin:0;width:960px;height:720px;overflow:hidden;
background:linear-gradient(#c9d3d8 55%,#8d8a83 55%,#6f6c66)"><div style="position:
absolute;left:300px;top:90px;width:360px;height:420px;background:#5c7466;border:
14px solid #3f5247"></div><div style="position:absolute;left:330px;top:130px;
padding:6px 20px;background:#0a8f4f;color:#fff;font:700 44px sans-serif">安全出口
</div><div style="position:absolute;left:190px;top:430px;width:250px;height:120px;
border-radius:60px 90px 20px 20px;background:#b7402f"></div><div style="position:
absolute;left:480px;top:410px;width:270px;height:140px;border-radius:90px 60px 20px
20px;background:#2f5fa8"></div>${[190, 360, 490, 660]
    .map(
        (x) => `<div style="position:absolute;left:${x}px;top:500px;width:70px;
height:70px;border-radius:50%;border:16px solid #222"></div>`,
    )
    .join('')}</body>`;

before(async () => {
    daemon = new Daemon();
    await daemon.start();
    browser = await launch();
    const page = await browser.newPage({
        viewport: { width: 960, height: 720 },
    });
    await page.setContent(picture);
    writeFileSync(photo, await page.screenshot({ type: 'jpeg', quality: 85 }));
    await page.close();
});

after(async () => {
    if (shots)
        await mount(['group', 'report', 'staff', 'answer'], join(shots, 'chat.png'));
    await browser?.close();
    const status = await daemon.stop();
    if (status !== 0) console.log(daemon.log);
    daemon.remove();
    rmSync(files, { recursive: true });
    assert.equal(status, 0);
});

test('two members of a group see each other', async () => {
    wang = await Person.enter(browser, `${daemon.url}/chat`, '小王');
    li = await Person.enter(browser, `${daemon.url}/chat`, '老李', {
        colorScheme: 'dark',
    });
    await li.say('早，新街口那边修路，绕一下');
    assert.match(await wang.sees('新街口那边修路'), /老李/);
    await wang.say('收到，谢谢李哥');
    assert.match(await li.sees('谢谢李哥'), /小王/);
});

test('a request is taken in the group, the rest is private', async () => {
    await wang.say('诉求 站点门口充电柜坏了三天，晚上没地方换电');
    assert.match(await wang.hears('S'), /S\d+/);
    await shoot(wang, 'group');
    await wang.private();
    await wang.say('帮助');
    await wang.page.waitForSelector('.option');
    await wang.page.click('.option >> nth=2'); // 进度
    await wang.sent();
    assert.match(await wang.hears('充电柜'), /S\d+/);
});

test('a photo report with a place', async () => {
    await wang.say('随手拍');
    await wang.hears('照片');
    await wang.page.setInputFiles('#file', photo);
    await wang.page.fill('#photo-text', '消防通道被电动车堵住了');
    await shoot(wang, 'photo');
    await wang.page.click('#photo-send');
    await wang.sees('消防通道', '.mine');
    const image = wang.page.locator('.mine .photo img');
    await image.waitFor();
    assert.ok(await image.evaluate((img) => img.decode().then(() => true)));
    await wang.hears('在哪里');
    await wang.page.click('#place');
    await wang.page.click('#place-here');
    await wang.page.waitForSelector('#place-found:not(:empty):has-text("米")');
    await wang.page.fill('#place-name', '新街口驿站门口');
    await shoot(wang, 'place');
    await wang.page.click('#place-send');
    await wang.sees('新街口驿站门口', '.mine');
    assert.match(await wang.hears('P'), /P\d+/);
    await shoot(wang, 'report');
    await image.click();
    assert.ok(
        await wang.page
            .locator('#show')
            .evaluate((img) => img.decode().then(() => img.naturalWidth > 320)),
    );
    await wang.page.click('#show-box .main');
});

test('staff answers, the rider sees it', async () => {
    const zhou = await Person.enter(browser, `${daemon.url}/chat`, '周老师', {
        colorScheme: 'dark',
    });
    await zhou.private();
    await zhou.say(`绑定 ${daemon.code('staff')}`);
    await zhou.hears('工作人员');
    await zhou.say('待办');
    const ticket = /S\d+/.exec(await zhou.hears('充电柜'))[0];
    await zhou.say(`回复 ${ticket} 已联系物业，今晚修好`);
    await shoot(zhou, 'staff');
    await wang.group();
    await wang.private();
    await wang.hears('今晚修好');
    assert.match(await wang.hears('今晚修好'), new RegExp(ticket));
    await shoot(wang, 'answer');
    await zhou.close();
});

test('what somebody writes stays text', async () => {
    const text = '<img src=x onerror=alert(1)> http://evil.example/ & <b>';
    await wang.group();
    await wang.say(text);
    assert.match(await li.sees('onerror'), /<img src=x/);
    assert.equal(await li.page.locator('#log b, #log a, .text img').count(), 0);
});

test('a message written while the daemon is away arrives once', async () => {
    await daemon.stop();
    await wang.page.waitForSelector('#state:visible');
    await wang.page.fill('#text', '断线时写的');
    await wang.page.click('#send');
    await wang.page.waitForSelector('.mine >> nth=-1 >> .sending');
    await daemon.start();
    await wang.sent();
    await wang.page.waitForSelector('#state', { state: 'hidden' });
    await li.sees('断线时写的');
    const heard = (await li.messages()).filter((t) => t === '断线时写的');
    assert.equal(heard.length, 1);
});

test('a page that comes back is the same member', async () => {
    await wang.page.reload();
    await wang.sees('谢谢李哥', '.mine');
    await wang.private();
    await wang.hears('今晚修好');
});

test('other languages, the keyboard, labels', async () => {
    await wang.page.selectOption('#lang', 'en');
    await wang.page.waitForSelector('html[lang=en]');
    assert.equal(await wang.page.locator('#send').getAttribute('aria-label'), 'Send');
    await wang.hears('English');
    await wang.page.focus('[role=tab][aria-selected=true]');
    await wang.page.keyboard.press('ArrowLeft');
    const tab = wang.page.locator('[role=tab][aria-selected=true]');
    assert.match(await tab.innerText(), /外卖站点/);
    const nameless = await wang.page.evaluate(() =>
        [...document.querySelectorAll('button, input, textarea, select')]
            .filter((e) => !e.closest('[aria-hidden=true]') && e.id !== 'file')
            .filter((e) => !e.ariaLabel && !e.textContent.trim() &&
                !e.labels?.length && e.offsetParent)
            .map((e) => e.outerHTML));
    assert.deepEqual(nameless, []);
    await wang.close();
    await li.close();
});

test('a used or unknown link is said to be one', async () => {
    const guest = await Person.open(
        browser,
        `${daemon.url}/chat#link=${'x'.repeat(24)}`,
    );
    await guest.page.waitForSelector('#toast:visible');
    assert.equal(new URL(guest.page.url()).hash, '');
    await guest.close();
});
