// People at their phones, each in a browser profile of their own.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser'];

export function findChromium() {
    return process.env.CHROMIUM ?? programs.find(existsSync);
}

export const launch = () =>
    chromium.launch({
        executablePath: findChromium(),
        args: [
            '--no-sandbox', // also runs as root, in containers
            '--disable-background-networking',
            '--disable-dev-shm-usage',
        ],
    });

const phone = {
    viewport: { width: 390, height: 780 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    geolocation: { latitude: 32.0436, longitude: 118.7841 },
    permissions: ['geolocation'],
};

export class Person {
    static async open(browser, url, options = {}) {
        const person = new Person();
        person.problems = [];
        person.context = await browser.newContext({ ...phone, ...options });
        person.page = await person.context.newPage();
        const page = person.page;
        page.setDefaultTimeout(20000);
        page.on('pageerror', (error) => person.problems.push(String(error)));
        page.on('console', (message) => {
            // A connection that breaks is reported by the browser itself.
            if (message.type() === 'error' && !/WebSocket/.test(message.text()))
                person.problems.push(message.text());
        });
        page.on('request', (request) => {
            if (new URL(request.url()).origin !== new URL(url).origin)
                person.problems.push(`a request to ${request.url()}`);
        });
        await page.goto(url);
        return person;
    }

    static async enter(browser, url, nick, options) {
        const person = await Person.open(browser, url, options);
        await person.page.fill('#nick', nick);
        await person.page.click('#nick-box .main');
        await person.page.waitForSelector('[role=tab]');
        return person;
    }

    group() {
        return this.page.click('[role=tab] >> nth=0');
    }

    private() {
        return this.page.click('[role=tab] >> nth=-1');
    }

    /** Writes and waits until it is kept. */
    async say(text) {
        await this.page.fill('#text', text);
        await this.page.click('#send');
        await this.sent();
    }

    sent() {
        return this.page.waitForSelector('li.message.mine >> nth=-1 >> .sent');
    }

    /** Waits for a text in the open chat; gives the whole message. */
    async sees(text, from = '') {
        const found = this.page
            .locator(`li.message${from}`, { hasText: text })
            .last();
        await found.waitFor();
        return found.innerText();
    }

    hears(text) {
        return this.sees(text, '.bot');
    }

    async messages() {
        return this.page.locator('li.message .text').allInnerTexts();
    }

    async close() {
        assert.deepEqual(this.problems, []);
        await this.context.close();
    }
}
