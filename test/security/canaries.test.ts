import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  api,
  applyObject,
  applyYaml,
  createNamespace,
  deleteJson,
  freshNamespace,
  type Json,
  listJson,
  waitUntil,
} from '../cluster/client.ts';
import { POD, runs } from '../helpers/move-app.ts';
import { pairFlags, runInside } from '../helpers/run-inside.ts';

// Values that must not be seen are put wherever an application keeps some, and the destination's server quotes them in all
// that it says. Every verb is run in every form, with everything logged; then all that was printed or stored is searched.

const CANARIES = {
  secret: 'canary-secret-5f1c',
  line: 'canary-line-77ab',
  field: 'canary-field-0d9e',
  config: 'canary-config-31c4',
  env: 'canary-env-9be2',
  custom: 'canary-custom-e80f',
  hook: 'canary-hook-4a6d',
  login: 'canary-login-c2d7',
} as const;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const namespace = freshNamespace('canaries');
const POLICIES = [
  [
    '',
    'secrets',
    "has(object.data) && 'a' in object.data",
    "'saw ' + string(object.data.a) + ' and ' + string(object.data.b).substring(3, 30)",
  ],
  ['', 'configmaps', "has(object.data) && 'a' in object.data", "'saw ' + object.data.a"],
  [
    'apps',
    'deployments',
    'has(object.spec.template.spec.containers[0].env)',
    "'saw ' + object.spec.template.spec.containers[0].env[0].value",
  ],
  ['custom.example.com', 'gadgets', 'has(object.spec.password)', "'saw ' + object.spec.password"],
] as const;

beforeAll(async () => {
  await createNamespace('source', namespace);
  await applyObject('dest', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const objects = await applyYaml(
    'source',
    namespace,
    `
apiVersion: v1
kind: Secret
metadata: { name: login }
data: { a: ${base64(CANARIES.secret)}, b: ${base64(`user: x\n${CANARIES.line}\n`)}, c: ${base64(JSON.stringify({ pw: CANARIES.field }))} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { a: ${CANARIES.config} }
---
apiVersion: custom.example.com/v1
kind: Gadget
metadata: { name: db }
spec: { password: ${CANARIES.custom} }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { ${POD.replace('example.invalid/a', `example.invalid/a, env: [{ name: PW, value: ${CANARIES.env} }]`)} }
`,
  );
  await runs('source', namespace, objects);
  await Promise.all(POLICIES.map((policy) => quote(policy)));
});
afterAll(async () => {
  for (const [, plural] of POLICIES) {
    await deleteJson('dest', 'ValidatingAdmissionPolicyBinding', `${namespace}-${plural}`);
    await deleteJson('dest', 'ValidatingAdmissionPolicy', `${namespace}-${plural}`);
  }
});

test('S11, S15: nothing that an application or the operator keeps secret is printed or stored, whatever a server quotes', async () => {
  const seen: string[] = [];
  for (const verb of ['plan', 'stage', 'preflight cutover', 'status', 'history']) {
    for (const form of ['text', 'json', 'yaml', 'ndjson']) seen.push(await say(verb, '-o', form));
  }
  // A change of each object, refused this time.
  await Promise.all(POLICIES.map((policy) => quote(policy, 'Deny')));
  await say('stage', '-o', 'json');
  for (const [kind, name] of [
    ['configmaps', 'settings'],
    ['secrets', 'login'],
  ])
    await api('source')('PATCH', `/api/v1/namespaces/${namespace}/${kind}/${name}`, {
      body: { metadata: { labels: { changed: 'yes' } } },
      contentType: 'application/merge-patch+json',
    });
  const refused = await say('stage', '-o', 'json');
  expect(refused).toContain('saw (masked)');
  seen.push(refused, await say('plan'));
  await Promise.all(POLICIES.map((policy) => quote(policy, 'Warn')));
  const secrets = [
    '--pre-stop',
    `test -n ${CANARIES.hook}`,
    '--smoke-url',
    `http://user:${CANARIES.login}@127.0.0.1:9/?sig=${CANARIES.login}`,
    ...['--smoke-attempts', '1', '--hold', '300ms', '--yes'],
  ];
  seen.push(await say('cutover', '--dry-run', ...secrets), await say('cutover', ...secrets));
  seen.push(await say('status'), await say('resume', '--yes', '--without-hooks'), await say('history'));
  seen.push(await say('failback', '--yes', '--hold', '300ms'), await say('history', '-o', 'yaml'));
  const quick = ['--yes', '--hold', '300ms'];
  seen.push(await say('cutover', ...quick, '--post-stop', `false ${CANARIES.hook}`));
  seen.push(await say('rollback', '--yes'));
  seen.push(
    await say('failover', '--yes', '--accept-data-loss', '--source-given-up', ...secrets.slice(2, 6)),
  );
  await say('rollback', '--yes');
  seen.push(await say('failover', '--yes', '--accept-data-loss', '--source-given-up'));
  seen.push(
    await say('fence', '--yes'),
    await say('failback', ...quick),
    await say('history', '-o', 'ndjson'),
  );
  await deleteJson('dest', 'ConfigMap', 'dr-syncer-state', namespace);
  seen.push(await say('status', '-o', 'yaml'), await say('repair', '--yes'), await say('status'));
  expect(seen.join('\n')).toContain('(masked)');
  const records = (
    await Promise.all(
      (['source', 'dest'] as const).map((side) =>
        listJson(side, 'ConfigMap', namespace, 'dr-syncer.io/record'),
      ),
    )
  ).flat();
  expect(records.length).toBeGreaterThan(5);
  const stored = JSON.stringify(
    records.map(({ data, binaryData, metadata }: Json) => [metadata, data, binaryData]),
  );
  for (const [name, canary] of Object.entries(CANARIES)) {
    for (const form of [canary, base64(canary).replace(/=+$/, '')]) {
      expect(stored.includes(form), `${name} is in a record`).toBe(false);
      const [found] = seen.filter((text) => text.includes(form));
      expect(
        found?.slice(Math.max(0, (found?.indexOf(form) ?? 0) - 300), (found?.indexOf(form) ?? 0) + 60),
        name,
      ).toBeUndefined();
    }
  }
}, 300_000);

/** Runs a command with everything logged, and returns all that it printed. */
const say = async (verb: string, ...args: string[]): Promise<string> => {
  const { stdout, stderr, exitCode } = await runInside([
    ...verb.split(' '),
    ...pairFlags(namespace),
    ...['--log-level', 'debug'],
    ...(['plan', 'stage', 'preflight cutover'].includes(verb) ? ['--include-custom-resources'] : []),
    ...args,
  ]);
  expect([0, 3, 4, 5, 8], `${verb} ${args.join(' ')}\n${stderr}`).toContain(exitCode);
  return `${stdout}\n${stderr}`;
};

/** Lets the destination quote what an object of a type holds: in a warning, or in a refusal. */
const quote = async (
  [group, plural, condition, message]: (typeof POLICIES)[number],
  action: 'Warn' | 'Deny' = 'Warn',
): Promise<void> => {
  const name = `${namespace}-${plural}`;
  const about = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name } };
  await applyObject('dest', {
    ...about,
    kind: 'ValidatingAdmissionPolicy',
    spec: {
      matchConstraints: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        resourceRules: [
          { apiGroups: [group], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources: [plural] },
        ],
      },
      validations: [{ expression: `!(${condition})`, messageExpression: message }],
    },
  });
  await applyObject('dest', {
    ...about,
    kind: 'ValidatingAdmissionPolicyBinding',
    spec: { policyName: name, validationActions: [action] },
  });
  if (plural !== 'configmaps') return;
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'probe' }, data: { a: 'probe' } };
  await waitUntil(`the policies to ${action}`, async () => {
    const { status } = await api('dest')('POST', `/api/v1/namespaces/${namespace}/configmaps?dryRun=All`, {
      body,
    });
    return status >= 400 === (action === 'Deny');
  });
};
