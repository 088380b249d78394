// A daemon of its own for the test: an embedded Redis and a data directory that
// goes with it, on a free port of 127.0.0.1.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const build = process.env.XIAOFENG_BUILD;
const program = join(build ?? 'build/test', 'xiaofeng');

const settings = (port, dir) => `
[xiaofeng]
district = qinhuai
operator_name = 秦淮区新就业群体服务中心
contact = 025-00000000
data_dir = ${dir}

[server]
address = 127.0.0.1
port = ${port}

[web.group qinhuai]
title = 秦淮区外卖站点
`;

export class Daemon {
    constructor() {
        this.dir = mkdtempSync(join(tmpdir(), 'xiaofeng-'));
        this.config = join(this.dir, 'xiaofeng.conf');
        this.port = 0;
    }

    /** Starts it; after a stop, on the port it had before. */
    async start() {
        writeFileSync(this.config, settings(this.port, join(this.dir, 'data')));
        this.child = spawn(program, ['-c', this.config], {
            stdio: ['ignore', 'ignore', 'pipe'],
        });
        this.log = '';
        this.ended = new Promise((done) => this.child.on('exit', done));
        await new Promise((done, fail) => {
            this.child.stderr.on('data', (bytes) => {
                this.log += bytes;
                const port = /listening on .*port (\d+)/.exec(this.log);
                if (!port || !this.log.includes('store is up')) return;
                this.port = Number(port[1]);
                done();
            });
            this.child.on('error', fail);
            this.child.on('exit', () => fail(new Error(this.log)));
        });
        this.url = `http://127.0.0.1:${this.port}`;
    }

    /** A one-time code that ties a chat account to a role. */
    code(role) {
        const made = spawnSync(program, ['-c', this.config, 'code', role], {
            encoding: 'utf8',
        });
        const code = /\b[A-Z0-9]{6,}\b/.exec(made.stdout);
        if (!code) throw new Error(made.stderr);
        return code[0];
    }

    /** Gives the exit status. */
    async stop(signal = 'SIGTERM') {
        this.child.kill(signal);
        return this.ended;
    }

    remove() {
        rmSync(this.dir, { recursive: true, force: true });
    }
}
