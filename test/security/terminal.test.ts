import { expect, test } from 'vitest';
import { applyObject, createNamespace, freshNamespace, listJson, patchJson } from '../cluster/client.ts';
import { installSmall } from '../helpers/move-app.ts';
import { moveTo } from '../helpers/moves.ts';
import { pairFlags, runInside } from '../helpers/run-inside.ts';

// What a terminal acts upon: links, the clipboard, titles, lines painted over, words turned round.
const ATTACK = 'x\x1b]52;c;ZXZpbA==\x07\x1b]8;;https://evil.example\x1b\\y\r✔ done\u202e\u0085\nz';
const RAW = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

const run = (verb: string, namespace: string, ...args: string[]) =>
  runInside([verb, ...pairFlags(namespace), ...args]);

const expectSafe = async (verb: string, namespace: string, ...args: string[]): Promise<void> => {
  for (const form of ['text', 'json', 'yaml', 'ndjson']) {
    for (const log of [
      ['--log-level', 'debug'],
      ['--log-format', 'json'],
    ]) {
      const { stdout, stderr } = await run(verb, namespace, '-o', form, ...log, ...args);
      const what = `${verb} -o ${form} ${log.join(' ')}`;
      expect(stdout, what).not.toMatch(RAW);
      expect(stderr, what).not.toMatch(RAW);
      expect(`${stdout}${stderr}`, what).toContain('evil.example');
    }
  }
};

test('S5: what records say reaches no terminal, log or document raw', async () => {
  const namespace = await installSmall('terminal');
  await moveTo(0, 'cutover', namespace);
  for (const kind of ['state', 'history']) {
    for (const { metadata, data } of await listJson(
      'dest',
      'ConfigMap',
      namespace,
      `dr-syncer.io/record=${kind}`,
    )) {
      if (data?.content === undefined) continue;
      const record = JSON.parse(data.content);
      const changed =
        kind === 'state'
          ? { ...record, by: ATTACK }
          : {
              ...record,
              entries: record.entries?.map((entry: object) => ({ ...entry, who: ATTACK, command: ATTACK })),
            };
      await patchJson('dest', 'ConfigMap', metadata.name, namespace, {
        data: { content: JSON.stringify(changed) },
      });
    }
  }
  await expectSafe('status', namespace);
  await expectSafe('history', namespace);
});

test('S5: what objects are called, and what their annotations say, reaches none raw', async () => {
  const namespace = freshNamespace('terminal');
  await createNamespace('source', namespace);
  const rbac = 'rbac.authorization.k8s.io';
  await applyObject(
    'source',
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'named' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: `gone${ATTACK.replaceAll('/', '')}` },
      subjects: [{ apiGroup: rbac, kind: 'User', name: ATTACK }],
    },
    namespace,
  );
  await expectSafe('plan', namespace);
  await applyObject(
    'source',
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', annotations: { 'dr-syncer.io/scale-override': ATTACK } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
      },
    },
    namespace,
  );
  await expectSafe('plan', namespace);
});
