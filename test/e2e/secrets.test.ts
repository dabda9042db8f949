import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  api,
  applyObject,
  deleteJson,
  freshNamespace,
  type Json,
  patchJson,
  waitUntil,
} from '../cluster/client.ts';
import { type App, checked, installApp, runStage, startStage } from '../helpers/stage-run.ts';

/** Part of the names of the destination's policies; they look only at namespaces that carry it as a label. */
const id = freshNamespace('quoting');
let app: App;
let warned: App;

beforeAll(async () => {
  [app, warned] = await Promise.all([installApp('secrets'), installApp('secrets')]);
  await Promise.all([
    ...[app, warned].map(({ namespace }) =>
      applyObject('dest', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }),
    ),
    policy('deny', app, 'Deny'),
    policy('warn', warned, 'Warn'),
  ]);
});
afterAll(async () => {
  for (const name of [`${id}-deny`, `${id}-warn`]) {
    await deleteJson('dest', 'ValidatingAdmissionPolicyBinding', name);
    await deleteJson('dest', 'ValidatingAdmissionPolicy', name);
  }
});

// checked() looks for every form of the value in all that a run prints; these tests make servers quote it.
describe('a secret value that the server quotes', () => {
  test('in a refusal is masked in the report and in what is said', async () => {
    const run = await runStage(app);
    expect(run.exitCode).toBe(3);
    const row = run.document.objects.find((item: Json) => item.kind === 'Secret');
    expect(row).toMatchObject({ action: 'refused', reason: expect.stringContaining('(masked)') });
    expect(run.stderr).toContain('the password may not be (masked)');
  });

  test('in a warning is masked too', async () => {
    const run = await runStage(warned);
    expect(run.exitCode, run.stderr).toBe(0);
    const row = run.document.objects.find((item: Json) => item.kind === 'Secret' && item.name === 'password');
    expect(JSON.stringify(row.notes)).toContain('the password may not be (masked)');
  });
});

describe('a secret value is not shown', () => {
  test('where a copy was changed by hand: the report names the key', async () => {
    const theirs = Buffer.from(`theirs-${warned.secretValue}`).toString('base64');
    await patchJson('dest', 'Secret', 'password', warned.namespace, { data: { password: theirs } });
    const run = await runStage(warned, { args: ['--log-level', 'debug'] });
    const row = run.document.objects.find((item: Json) => item.kind === 'Secret' && item.name === 'password');
    expect(row).toMatchObject({ action: 'updated', reason: expect.stringContaining('data.password') });
  });

  test.each(['text', 'yaml', 'ndjson'])('in --output %s with everything logged', async (output) => {
    const args = ['--output', output, '--log-level', 'debug', '--dry-run'];
    const { stdout, stderr } = await startStage(warned, { args }).done;
    expect(stdout).toContain('Secret');
    const document = JSON.stringify({ exitCode: 0, stdout, stderr });
    checked(warned, { exitCode: 0, stdout: document, stderr });
  });
});

/** Makes a policy that quotes the password of every Secret in one namespace, and waits until it acts. */
const policy = async (name: string, { namespace }: App, action: 'Deny' | 'Warn'): Promise<void> => {
  const spec = {
    matchConstraints: {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      resourceRules: [
        { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['secrets'] },
      ],
    },
    validations: [
      {
        expression: "!has(object.data) || !('password' in object.data)",
        messageExpression: "'the password may not be ' + string(object.data.password)",
      },
    ],
  };
  const type = { apiVersion: 'admissionregistration.k8s.io/v1' };
  await applyObject('dest', {
    ...type,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: `${id}-${name}` },
    spec,
  });
  const bind = (validationActions: readonly string[]): Promise<Json> =>
    applyObject('dest', {
      ...type,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: `${id}-${name}` },
      spec: { policyName: `${id}-${name}`, validationActions },
    });
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'probe' },
    data: { password: 'cHJvYmU=' },
  };
  const path = `/api/v1/namespaces/${namespace}/secrets?dryRun=All`;
  const isRefused = async (): Promise<boolean> => {
    const { status, body: answer } = await api('dest')('POST', path, { body });
    return status >= 400 && /may not be/.test(answer.message);
  };
  await bind(['Deny']);
  await waitUntil(`the policy ${name} to act`, isRefused);
  if (action === 'Deny') return;
  await bind(['Warn']);
  await waitUntil(`the policy ${name} to let pass`, async () => !(await isRefused()));
};
