import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contextOf, createNamespace, getJson, listJson, pair } from '../cluster/client.ts';
import { type FaultProxy, startFaultProxy } from '../helpers/fault-proxy.ts';
import { accountToken, EVERYTHING, readAllBut } from '../helpers/rights.ts';
import {
  type App,
  type End,
  expectConverges,
  expectCopied,
  installApp,
  runStage,
} from '../helpers/stage-run.ts';

let source: FaultProxy;
let dest: FaultProxy;
let directory: string;

beforeAll(async () => {
  const { kubeconfig } = pair();
  source = await startFaultProxy({ kubeconfig, context: contextOf('source') });
  dest = await startFaultProxy({ kubeconfig, context: contextOf('dest') });
  directory = mkdtempSync(join(tmpdir(), 'dr-syncer-rights-'));
});
afterAll(async () => {
  await Promise.all([source?.stop(), dest?.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

const sourceAs = (user: object): End => ({
  kubeconfig: source.writeKubeconfig(contextOf('source'), { user }),
  context: contextOf('source'),
});

const destNamespace = ({ namespace }: App): Promise<unknown> => getJson('dest', 'Namespace', namespace);

describe('an account that may not list one kind', () => {
  const withoutSecrets = async (app: App): Promise<End> => {
    const rules = await readAllBut('source', ['secrets']);
    const probe = `/api/v1/namespaces/${app.namespace}/configmaps`;
    return sourceAs({ token: await accountToken('source', app.namespace, rules, probe) });
  };

  test('F9: is refused with the flag that leaves the kind out, and nothing is changed', async () => {
    const app = await installApp('rights');
    const run = await runStage(app, { source: await withoutSecrets(app) });
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toContain('Nothing was changed');
    expect(run.stderr).toContain(`Context ${contextOf('source')}: secrets cannot be listed`);
    expect(run.stderr).toContain('--exclude-resource-types secrets');
    expect(await destNamespace(app)).toBeUndefined();
  });

  test('F9: with --keep-going the rest is copied, and a run with the right completes it', async () => {
    const app = await installApp('rights');
    const run = await runStage(app, { source: await withoutSecrets(app), args: ['--keep-going'] });
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toContain('1 type not listed');
    expect(run.document.findings).toContainEqual(
      expect.objectContaining({ code: 'type-not-listed', subject: 'secrets' }),
    );
    await expectCopied(app, ['Secret']);
    expect(await listJson('dest', 'Secret', app.namespace)).toEqual([]);
    await expectConverges(app, 'the rest');
  });

  test('F9: with the kind excluded the copy is complete without it', async () => {
    const app = await installApp('rights');
    const args = ['--exclude-resource-types', 'secrets'];
    const run = await runStage(app, { source: await withoutSecrets(app), args });
    expect(run.exitCode, run.stderr).toBe(0);
    await expectCopied(app, ['Secret']);
    expect(await listJson('dest', 'Secret', app.namespace)).toEqual([]);
  });
});

describe('an account without rights', () => {
  test('F9: at the source is refused with the command that shows its rights', async () => {
    const app = await installApp('rights');
    const run = await runStage(app, {
      source: sourceAs({ token: await accountToken('source', app.namespace, []) }),
    });
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toContain(`Context ${contextOf('source')}: cannot get namespace ${app.namespace}`);
    expect(run.stderr).toContain(
      `--context ${contextOf('source')} auth can-i get namespaces/${app.namespace}`,
    );
    expect(run.document.error.type).toBe('refused');
    expect(await destNamespace(app)).toBeUndefined();
  });

  test('F9: but to see the namespace is refused, as there is nothing to copy', async () => {
    const app = await installApp('rights');
    const rules = [{ apiGroups: [''], resources: ['namespaces'], verbs: ['get'] }];
    const token = await accountToken('source', app.namespace, rules, `/api/v1/namespaces/${app.namespace}`);
    const run = await runStage(app, { source: sourceAs({ token }) });
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toContain(`cannot list anything in namespace ${app.namespace}`);
    expect(await destNamespace(app)).toBeUndefined();
  });

  test('F9: to write at the destination is refused by the dry run, before any change', async () => {
    const app = await installApp('rights');
    await createNamespace('dest', app.namespace);
    const rules = await readAllBut('dest', []);
    const probe = `/api/v1/namespaces/${app.namespace}/secrets`;
    const token = await accountToken('dest', app.namespace, rules, probe);
    const kubeconfig = dest.writeKubeconfig('reader', { user: { token } });
    const run = await runStage(app, { dest: { kubeconfig, context: 'reader' } });
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toMatch(/Nothing was changed: .*cannot patch resource/);
    expect(run.document.totals).toMatchObject({ created: 0, updated: 0, failed: 0 });
    expect(await listJson('dest', 'Secret', app.namespace)).toEqual([]);
    await expectConverges(app, 'the rest');
  });

  test('F9: to make the namespace at the destination is refused, before any change', async () => {
    const app = await installApp('rights');
    const home = await installApp('rights-home');
    await createNamespace('dest', home.namespace);
    const token = await accountToken('dest', home.namespace, EVERYTHING);
    const rules = dest.writeKubeconfig('local', { user: { token } });
    const run = await runStage(app, { dest: { kubeconfig: rules, context: 'local' } });
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toContain(`namespace ${app.namespace}`);
    expect(await destNamespace(app)).toBeUndefined();
  });
});

describe('an exec credential plugin', () => {
  interface Plugin {
    readonly user: object;
    calls(): number;
  }

  /** A plugin that gives these tokens one after the other, the last one for good; '' makes it fail. */
  const plugin = (...tokens: readonly string[]): Plugin => {
    const file = join(directory, `plugin-${Math.random().toString(36).slice(2)}`);
    const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential' };
    const text = (token: string): string =>
      token === '' ? '' : JSON.stringify({ ...credential, status: { token } });
    writeFileSync(`${file}.calls`, '');
    tokens.forEach((token, index) => {
      writeFileSync(`${file}.${index + 1}`, text(token));
    });
    writeFileSync(
      file,
      `#!/bin/sh
echo call >> ${file}.calls
n=$(wc -l < ${file}.calls)
[ "$n" -gt ${tokens.length} ] && n=${tokens.length}
[ -s ${file}.$((n)) ] || { echo "warning: cache is cold" >&2; echo "the login has expired" >&2; exit 1; }
cat ${file}.$((n))
`,
    );
    chmodSync(file, 0o700);
    return {
      user: { exec: { apiVersion: credential.apiVersion, command: file, interactiveMode: 'Never' } },
      calls: () => readFileSync(`${file}.calls`, 'utf8').split('\n').length - 1,
    };
  };

  const goodToken = (app: App): Promise<string> =>
    accountToken('source', app.namespace, EVERYTHING, `/api/v1/namespaces/${app.namespace}/secrets`);

  test('F8: whose first token is stale is asked once more, whatever the number of requests', async () => {
    const app = await installApp('exec');
    const { user, calls } = plugin('stale-token', await goodToken(app));
    const run = await runStage(app, { source: sourceAs(user) });
    expect(run.exitCode, run.stderr).toBe(0);
    expect(calls()).toBe(2);
    await expectConverges(app, 'nothing');
  });

  test('F8: that only has stale tokens ends the run with the advice to look who one is', async () => {
    const app = await installApp('exec');
    const { user, calls } = plugin('stale-token');
    const run = await runStage(app, { source: sourceAs(user) });
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toMatch(/ failed: Unauthorized \(401 Unauthorized\)/);
    expect(run.stderr).toMatch(
      new RegExp(`kubectl --kubeconfig \\S+ --context ${contextOf('source')} auth whoami`),
    );
    expect(calls()).toBe(2);
    expect(`${run.stdout}${run.stderr}`).not.toContain('stale-token');
    await expectConverges(app, 'the rest');
  });

  test('F8: that fails ends the run with what the plugin says', async () => {
    const app = await installApp('exec');
    const run = await runStage(app, { source: sourceAs(plugin('').user) });
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toContain(
      `Context ${contextOf('source')}: getting credentials failed: the kubeconfig's credentials could not be used: the login has expired`,
    );
    await expectConverges(app, 'the rest');
  });

  test('F8: that is not installed ends the run with its name', async () => {
    const app = await installApp('exec');
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'no-such-login-plugin' };
    const run = await runStage(app, { source: sourceAs({ exec }) });
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toContain(
      'the credential plugin "no-such-login-plugin" of the kubeconfig\'s user is not installed',
    );
  });
});
