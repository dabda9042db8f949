import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { applyYaml, contextOf, deleteJson, type Json, pair, patchJson } from '../cluster/client.ts';
import { untilNotRefused, untilRefused } from '../helpers/enforced.ts';
import { deployment, installYaml } from '../helpers/move-app.ts';
import { type ProgramRun, runDr } from '../helpers/program.ts';
import { complaints } from '../helpers/schema.ts';

// Every command is run on one application in every form of output; what holds for all of them is asserted of all.
const SECRET = 'hush-fuNkoP0cSx3V';
const ESCAPE = String.fromCharCode(27);

let namespace: string;
beforeAll(async () => {
  namespace = await installYaml('output', `${SECRETS}${deployment('web', 1)}`, { staged: false });
}, 60_000);
afterAll(async () => {
  for (const side of ['source', 'dest'] as const) await deleteJson(side, 'Namespace', namespace);
});

type Form = 'json' | 'yaml' | 'ndjson' | 'text';

/** Runs a command in a form, with all the narration that there is, and asserts what holds for every run. */
const dr = async (args: readonly string[], form: Form = 'json'): Promise<ProgramRun & { document: Json }> => {
  const run = await runDr(
    [
      ...args,
      ...['--source-context', contextOf('source'), '--dest-context', contextOf('dest'), '-n', namespace],
      ...['--output', form, '--log-level', 'debug'],
      ...(MOVES.has(args[0] ?? '') ? ['--yes', '--hold', '100ms'] : []),
    ],
    { env: { KUBECONFIG: pair().kubeconfig } },
  );
  const shown = `${run.stdout}${run.stderr}`;
  for (const text of [SECRET, Buffer.from(SECRET).toString('base64').slice(0, 16)])
    expect(shown.includes(text), `${args[0]} shows a secret value`).toBe(false);
  expect(shown).not.toContain(ESCAPE);
  expect(run.stderr).not.toMatch(/Internal error|at .*\.ts:\d+/);
  const document = FORMS[form](run.stdout);
  if (form !== 'text') {
    const [, name] = /^dr-syncer\.io\/(.+)\/v1$/.exec(document.schema) ?? [];
    expect(complaints(name ?? '', document), shown).toEqual([]);
    expect(document.exitCode, shown).toBe(run.exitCode);
  }
  return { ...run, document };
};

const MOVES = new Set(['cutover', 'failback', 'failover', 'fence', 'resume', 'rollback', 'preflight']);

const FORMS: Readonly<Record<Form, (stdout: string) => Json>> = {
  text: () => undefined,
  json: JSON.parse,
  yaml: parse,
  ndjson: (stdout) => {
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.slice(0, -1).every(({ event, time }) => event !== 'result' && Date.parse(time) > 0)).toBe(
      true,
    );
    const { event, ...document } = lines.at(-1);
    expect(event).toBe('result');
    return document;
  },
};

const FAILING = ['--smoke-command', 'false', '--smoke-attempts', '1'];

describe('one application, from the first stage to the last look', () => {
  // The order matters: each line finds what the ones before have left.
  test.each<[string, number, readonly string[]]>([
    ['plan', 0, ['plan']],
    ['stage', 0, ['stage']],
    ['stage again', 0, ['stage']],
    ['a cutover that stops', 4, ['cutover', ...FAILING]],
    ['a cutover while one is unfinished', 4, ['cutover']],
    ['status of it', 4, ['status']],
    ['its end', 0, ['rollback']],
    ['nothing to resume', 3, ['resume']],
    ['a cutover', 0, ['cutover']],
    ['status there', 0, ['status']],
    ['stage over a live destination', 7, ['stage']],
    ['a fence without need', 0, ['fence']],
    ['a failback', 0, ['failback']],
    ['history', 0, ['history']],
  ])('%s ends with %i and a valid document', async (_what, code, args) => {
    const run = await dr(args);
    expect(run.exitCode, `${run.stdout}\n${run.stderr}`).toBe(code);
  });

  test.each<[number, readonly string[]]>([
    [0, ['plan']],
    [0, ['stage']],
    [0, ['preflight']],
    [0, ['cutover', '--dry-run']],
    [3, ['failback', '--dry-run']],
    [0, ['status']],
    [0, ['history']],
    [2, ['stage', '--resource-types', 'deploymnets']],
    [3, ['rollback']],
  ])('ends with %i in every form: %j', async (code, args) => {
    for (const form of ['json', 'yaml', 'ndjson', 'text'] as const) {
      const run = await dr(args, form);
      expect(run.exitCode, `${form}: ${run.stdout}\n${run.stderr}`).toBe(code);
      if (form === 'text' && code === 0) expect(run.stdout).toMatch(/\S\n$/);
    }
  });
});

test('an unknown resource type names the near one', async () => {
  const { document, stderr } = await dr(['stage', '--resource-types', 'deploymnets']);
  expect(document.error).toMatchObject({ type: 'usage', message: expect.stringContaining('"deployments"') });
  expect(stderr).toContain(document.error.message);
});

test('a policy that quotes the Secret it refuses is told without the value', async () => {
  const name = `quotes-${namespace}`;
  await applyYaml('dest', undefined, policyYaml(name, namespace));
  const probe = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'password' },
    data: { password: 'cHJvYmU=' },
  };
  const asked = ['dest', `/api/v1/namespaces/${namespace}/secrets`, probe, /not this one/] as const;
  await untilRefused(...asked);
  await patchJson('source', 'Secret', 'password', namespace, {
    metadata: { annotations: { changed: 'yes' } },
  });
  try {
    const { document, exitCode } = await dr(['stage', '--dry-run']);
    expect(exitCode).toBe(3);
    const row = document.objects.find((item: Json) => item.name === 'password');
    expect(row).toMatchObject({
      action: 'refused',
      reason: expect.stringContaining('not this one: (masked)'),
    });
    await dr(['preflight'], 'text');
    await dr(['cutover']);
  } finally {
    await deleteJson('dest', 'ValidatingAdmissionPolicyBinding', name);
    await deleteJson('dest', 'ValidatingAdmissionPolicy', name);
    await untilNotRefused(...asked);
  }
});

test('narration without a terminal is plain lines with a time, or JSON lines', async () => {
  const plain = await dr(['stage'], 'text');
  for (const line of plain.stderr.trimEnd().split('\n'))
    expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z [►◎✔!✗·] \S/);
  const lines = await runDr(
    [
      'stage',
      '--source-context',
      contextOf('source'),
      '--dest-context',
      contextOf('dest'),
      '-n',
      namespace,
      '--log-format',
      'json',
    ],
    { env: { KUBECONFIG: pair().kubeconfig } },
  );
  for (const line of lines.stderr.trimEnd().split('\n'))
    expect(JSON.parse(line)).toMatchObject({
      time: expect.any(String),
      level: 'info',
      msg: expect.any(String),
    });
});

const policyYaml = (name: string, target: string): string => `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: ${name} }
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [secrets] }]
  validations:
  - expression: "object.metadata.name != 'password'"
    messageExpression: "'not this one: ' + string(object.data.password)"
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: ${name} }
spec:
  policyName: ${name}
  validationActions: [Deny]
  matchResources: { namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ${target} } } }
`;

const SECRETS = `
---
apiVersion: v1
kind: Secret
metadata: { name: password, annotations: { example.com/note: kept } }
stringData: { password: ${SECRET}, url: "https://user:${SECRET}@db.example.com" }
---
apiVersion: v1
kind: Secret
metadata: { name: login }
type: kubernetes.io/basic-auth
stringData: { username: shop, password: ${SECRET} }
`;

test('B16: a first stage gives one count of its objects, in the narration, the summary, the table and status', async () => {
  const fresh = await installYaml('counted', `${deployment('web', 1)}${deployment('api', 1)}`, {
    staged: false,
  });
  const sides = ['--source-context', contextOf('source'), '--dest-context', contextOf('dest'), '-n', fresh];
  const env = { KUBECONFIG: pair().kubeconfig };
  const staged = await runDr(['stage', ...sides], { env });
  expect(staged.exitCode, staged.stderr).toBe(0);
  const told = /Writing (\d+) objects to/.exec(staged.stderr)?.[1];
  expect(staged.stdout).toMatch(
    new RegExp(`^Staged: ${told} objects written to the new namespace ${fresh} `, 'm'),
  );
  expect(staged.stdout).toMatch(new RegExp(`^total +${told} `, 'm'));
  const status = await runDr(['status', ...sides], { env });
  expect(status.stdout).toMatch(new RegExp(`^last stage .*, ${told} objects$`, 'm'));
});
