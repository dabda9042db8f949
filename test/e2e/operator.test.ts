import { hostname, userInfo } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contextOf, deleteJson, getJson } from '../cluster/client.ts';
import { runCli } from '../cluster/run-cli.ts';
import { deployment, installYaml } from '../helpers/move-app.ts';

let namespace: string;
beforeAll(async () => {
  namespace = await installYaml('operator', deployment('web', 1), { staged: false });
}, 60_000);
afterAll(async () => {
  for (const side of ['source', 'dest'] as const) await deleteJson(side, 'Namespace', namespace);
});

// The tests run as root, as sudo does.
test.runIf(userInfo().uid === 0)(
  'a run under sudo is the work of who called sudo',
  async () => {
    const sides = ['--source-context', contextOf('source'), '--dest-context', contextOf('dest')];
    const run = await runCli(['stage', ...sides, '-n', namespace], {
      env: { SUDO_USER: 'alice\u0007' },
      timeoutMs: 150_000,
    });
    expect(run.exitCode, run.stderr).toBe(0);
    const record = await getJson('dest', 'ConfigMap', 'dr-syncer-state', namespace);
    expect(JSON.stringify(record?.data)).toContain(`alice@${hostname()}`);
  },
  180_000,
);
