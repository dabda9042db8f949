import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const NODE = join(ROOT, 'node_modules', 'node', 'bin', 'node');
const hides = spawnSync('unshare', ['-m', 'sh', '-c', 'umount -l /proc']).status === 0;

// As in a chroot, or on a system that is not Linux. Nothing listens at the address, so the run takes a while.
test.runIf(hides)(
  'a run goes on where there is no /proc',
  () => {
    const home = mkdtempSync(join(tmpdir(), 'dr-syncer-without-proc-'));
    try {
      const kubeconfig = join(home, 'config');
      writeFileSync(
        kubeconfig,
        JSON.stringify({
          clusters: [{ name: 'x', cluster: { server: 'http://127.0.0.1:9' } }],
          contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
          users: [{ name: 'x', user: { token: 't' } }],
        }),
      );
      const args = ['status', '--dest-kubeconfig', kubeconfig, '--dest-context', 'x', '-n', 'shop'];
      const command = [NODE, join(ROOT, 'src', 'cli.ts'), ...args].map((word) => `'${word}'`).join(' ');
      const run = spawnSync('unshare', ['-m', 'sh', '-c', `umount -l /proc && ${command}`], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: home },
      });
      expect(run.stderr).not.toContain('ENOENT');
      expect(run.stdout).toContain('nothing listens at the server address');
      expect(run.status).toBe(8);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  },
  60_000,
);
