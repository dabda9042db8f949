import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { RECORD } from '../../src/common/annotations.ts';
import {
  applyYaml,
  contextOf,
  createNamespace,
  freshNamespace,
  listJson,
  pair,
  type Side,
} from '../cluster/client.ts';
import { type CliOptions, type CliProcess, type CliRun, startCli } from '../cluster/run-cli.ts';
import { stageWell } from './stage.ts';

/** One end of a run: a kubeconfig file and a context in it. Without it, the pair's own. */
export interface End {
  readonly kubeconfig: string;
  readonly context: string;
}

/** An application in a fresh namespace of the source, and the secret value that must never be seen. */
export interface App {
  readonly namespace: string;
  readonly secretValue: string;
}

/** A run of `stage --output json`. */
export interface StageRun extends CliRun {
  /** The one document on stdout. */
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  readonly document: any;
}

export interface StageArgs {
  readonly source?: End;
  readonly dest?: End;
  readonly args?: readonly string[];
  readonly env?: CliOptions['env'];
}

/**
 * Puts a small application of several tiers into a fresh namespace of the source; `configMaps` adds that many
 * ConfigMaps, for runs that shall be met in the middle.
 */
export async function installApp(prefix: string, { configMaps = 2 } = {}): Promise<App> {
  const namespace = freshNamespace(prefix);
  const secretValue = `hush-${randomBytes(9).toString('base64url')}`;
  await createNamespace('source', namespace);
  await applyYaml('source', namespace, appYaml(secretValue));
  const numbers = Array.from({ length: configMaps }, (_, index) => index);
  await Promise.all(numbers.map((number) => applyYaml('source', namespace, configMapYaml(number))));
  return { namespace, secretValue };
}

/** Starts `dr-syncer stage --output json` on an application. */
export function startStage(app: App, { source, dest, args = [], env = {} }: StageArgs = {}): CliProcess {
  return startCli(
    [
      'stage',
      '--source-kubeconfig',
      source?.kubeconfig ?? pair().kubeconfig,
      '--source-context',
      source?.context ?? contextOf('source'),
      '--dest-kubeconfig',
      dest?.kubeconfig ?? pair().kubeconfig,
      '--dest-context',
      dest?.context ?? contextOf('dest'),
      '--namespace',
      app.namespace,
      '--output',
      'json',
      ...args,
    ],
    { env },
  );
}

/** Runs it to its end; see checked for what is asserted of every run. */
export async function runStage(app: App, args: StageArgs = {}): Promise<StageRun> {
  return checked(app, await startStage(app, args).done);
}

/** What holds for every run whatever happens: stdout is one JSON document that agrees with the exit code, and no
 * secret value is anywhere. */
export function checked(app: App, run: CliRun): StageRun {
  const shown = `${run.stdout}${run.stderr}`;
  for (const form of secretForms(app.secretValue)) expect(shown).not.toContain(form);
  expect(run.stdout, run.stderr).not.toBe('');
  const document = JSON.parse(run.stdout);
  expect(document.exitCode, shown).toBe(run.exitCode);
  expect(run.stderr).not.toMatch(/Internal error|UnhandledPromise|at .*\.ts:\d+|MaxListeners/);
  return { ...run, document };
}

/** Asserts that the destination holds the whole application with its content, parked. */
export async function expectCopied(app: App, except: readonly string[] = []): Promise<void> {
  for (const kind of KINDS.filter((kind) => !except.includes(kind))) {
    const [source, dest] = await Promise.all([content('source', kind, app), content('dest', kind, app)]);
    expect(dest, kind).toEqual(source);
  }
  const workloads = await listJson('dest', 'Deployment', app.namespace);
  expect(workloads.map(({ metadata, spec }) => [metadata.name, spec.replicas])).toEqual([['web', 0]]);
}

/** Asserts that a stage without the fault ends well, with everything at the destination. */
export async function expectConverges(app: App, written: 'nothing' | 'the rest'): Promise<void> {
  const { totals } = await stageWell(app.namespace);
  expect(totals).toMatchObject({ failed: 0, refused: 0, pending: 0 });
  const { created, updated, recreated } = totals;
  if (written === 'nothing') expect({ created, updated, recreated }).toEqual(NOTHING);
  else expect(created + updated).toBeGreaterThan(0);
  await expectCopied(app);
}

const NOTHING = { created: 0, updated: 0, recreated: 0 };

const KINDS = ['ConfigMap', 'Secret', 'Service', 'Deployment', 'ServiceAccount'];

// What every cluster makes by itself in each namespace, and the account of rights.ts.
const NOT_OF_APP = new Set([
  'ConfigMap/kube-root-ca.crt',
  'ServiceAccount/default',
  'ServiceAccount/operator',
]);

async function content(side: Side, kind: string, { namespace }: App): Promise<Record<string, unknown>> {
  const objects = await listJson(side, kind, namespace);
  return Object.fromEntries(
    objects
      .filter(({ metadata }) => !NOT_OF_APP.has(`${kind}/${metadata.name}`) && !metadata.labels?.[RECORD])
      .map(({ metadata, data, type, spec }) => [
        metadata.name,
        { data, type, image: spec?.template?.spec.containers[0].image, selector: spec?.selector },
      ]),
  );
}

// As typed and as stored; sixteen digits of base64 are the first twelve bytes, whatever follows them.
const secretForms = (value: string): string[] => [value, Buffer.from(value).toString('base64').slice(0, 16)];

const appYaml = (secretValue: string): string => `
apiVersion: v1
kind: ServiceAccount
metadata: { name: web }
---
apiVersion: v1
kind: Secret
metadata: { name: password }
stringData: { password: ${secretValue}, key: ${JSON.stringify(`${secretValue}"\n-----END-----`)} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { colour: blue }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { serviceAccountName: web, containers: [{ name: main, image: example.invalid/web:1 }] }
`;

const configMapYaml = (number: number): string => `
apiVersion: v1
kind: ConfigMap
metadata: { name: item-${String(number).padStart(4, '0')} }
data: { number: "${number}", text: "${'x'.repeat(200)}" }
`;
