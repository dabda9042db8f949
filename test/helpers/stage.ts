import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentReporter } from '../../src/common/reporter.ts';
import { type ClusterOptions, openReader, openWriter } from '../../src/kube/cluster.ts';
import { type KubeContext, openContext } from '../../src/kube/contexts.ts';
import { stage } from '../../src/stage/stage-namespace.ts';
import type { StageOptions, StageResult, StageRow } from '../../src/stage/stage-types.ts';
import { api, contextOf, pair, type Side } from '../cluster/client.ts';
import { readEndpoint } from '../cluster/kubeconfig.ts';
import { plainStage } from './defaults.ts';

/** What a test may say of a run: any option of the operation, and shorthands for the common ones. */
export interface StageFlags extends Partial<StageOptions> {
  /** Destination namespace; default: the name of the source namespace. */
  readonly dest?: string;
  /** `--include-custom-resources`. */
  readonly custom?: boolean;
  /** Run with these kubeconfigs instead of the administrator's, to act with fewer rights. */
  readonly kubeconfig?: Partial<Record<Side, string>>;
  /** Another operator's name for the context of the source. */
  readonly sourceName?: string;
  /** The destination is the source cluster. */
  readonly sameCluster?: boolean;
}

/**
 * Runs the stage operation in this process, from the source cluster to the destination cluster of the test run, with
 * fresh connections so that `requests` counts this run alone. Rejects as the operation throws.
 */
export const stageNamespace = async (namespace: string, flags: StageFlags = {}): Promise<StageResult> => {
  const { dest: destNamespace = namespace, custom = false, kubeconfig = {}, ...more } = flags;
  const { sameCluster, sourceName, ...options } = more;
  const from = contextFor('source', kubeconfig.source);
  const source = openReader({ ...from, name: sourceName ?? from.name }, CLUSTER);
  const dest = openWriter(contextFor(sameCluster === true ? 'source' : 'dest', kubeconfig.dest), CLUSTER);
  try {
    return await stage(
      {
        source,
        dest,
        reporter: silentReporter,
        signal: new AbortController().signal,
        lock: { holder: 'test@local', process: { id: 'test', lifeOf: () => 'alive' } },
      },
      {
        ...plainStage(namespace, CLUSTER.concurrency),
        destNamespace,
        types: { include: [], exclude: [], customResources: custom },
        ...options,
      },
    );
  } finally {
    await Promise.all([source.close(), dest.close()]);
  }
};

/** As stageNamespace, and fails with the summary and the failed rows unless the run ended well. */
export const stageWell = async (namespace: string, flags: StageFlags = {}): Promise<StageResult> => {
  const result = await stageNamespace(namespace, flags);
  if (result.outcome !== 'ok') throw new Error(`${result.summary}\n${complaints(result).join('\n')}`);
  return result;
};

/** The row of a source object. Throws when the report has none, or when another group has the kind as well. */
export const rowOf = (result: StageResult, kind: string, name: string, group?: string): StageRow => {
  const rows = result.objects.filter(
    (row) =>
      row.kind === kind &&
      row.name === name &&
      (group === undefined || row.apiVersion === group || row.apiVersion.startsWith(`${group}/`)),
  );
  const [row] = rows;
  if (row === undefined || rows.length > 1) {
    throw new Error(`The report has ${rows.length} rows for ${kind} ${name}: ${result.summary}`);
  }
  return row;
};

/** Whether the report mentions an object at all. */
export const hasRow = (result: StageResult, kind: string, name: string): boolean =>
  result.objects.some((row) => row.kind === kind && row.name === name);

/** The notes of a row as `level path: message`, for one look at all of them. */
export const notesOf = (row: StageRow): string[] =>
  row.notes.map(({ level, path, message }) => `${level} ${path}: ${message}`);

/** The findings with a code. */
export const findingsOf = (result: StageResult, code: string) =>
  result.findings.filter((finding) => finding.code === code);

/**
 * Makes a kubeconfig for a side that acts as the service account of a namespace, and hands its path to the body.
 * The account has what RBAC gives it and nothing else.
 */
export const asAccount = async <T>(
  side: Side,
  namespace: string,
  account: string,
  body: (kubeconfig: string) => Promise<T>,
): Promise<T> => {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const answer = await api(side)('POST', path, { body: request });
  const { server, ca } = readEndpoint(pair().kubeconfig, contextOf(side));
  const name = contextOf(side);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name, cluster: { server, 'certificate-authority-data': Buffer.from(ca ?? '').toString('base64') } },
    ],
    users: [{ name, user: { token: answer.body.status.token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  const directory = await mkdtemp(join(tmpdir(), 'dr-syncer-account-'));
  try {
    const file = join(directory, 'kubeconfig');
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return await body(file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

/** How the tests connect. */
export const CLUSTER: ClusterOptions = {
  concurrency: 16,
  requestTimeoutMs: 30_000,
  userAgent: 'dr-syncer/test',
};

/** The context of a side as the code under test opens it. */
export const contextFor = (side: Side, kubeconfig = pair().kubeconfig): KubeContext =>
  openContext({ path: kubeconfig, env: {} }, contextOf(side), `--${side}-context`);

const complaints = (result: StageResult): string[] => [
  ...result.findings.filter(({ level }) => level === 'refuse').map(({ message }) => message),
  ...result.objects
    .filter(({ action }) => ['failed', 'refused', 'pending'].includes(action))
    .slice(0, 20)
    .map(({ kind, name, action, reason }) => `${kind} ${name} ${action}: ${reason}`),
];
