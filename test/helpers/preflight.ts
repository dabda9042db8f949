import { openWriter } from '../../src/kube/cluster.ts';
import type { PreflightResult } from '../../src/needs/preflight-result.ts';
import { minimalRolesFor, checkMove as preflight } from '../../src/preflight/check-move.ts';
import type { PreflightInput } from '../../src/preflight/preflight-types.ts';
import { openSide } from '../../src/sides/side.ts';
import type { MoveOptions } from '../../src/sides/side-types.ts';
import type { StageOptions } from '../../src/stage/stage-types.ts';
import type { Side } from '../cluster/client.ts';
import { PLAIN_MOVE, plainStage } from './defaults.ts';
import { CLUSTER, contextFor } from './stage.ts';

/** What a test may say of a preflight; everything else has the value that a plain command line gives. */
export interface PreflightFlags
  extends Partial<Pick<PreflightInput, 'record' | 'expectedSeconds' | 'maxStageAgeMs' | 'ignored'>> {
  readonly kind?: PreflightInput['kind'];
  readonly options?: Partial<MoveOptions>;
  readonly stage?: Partial<StageOptions>;
  /** Run with these kubeconfigs instead of the administrator's, to act with fewer rights. */
  readonly kubeconfig?: Partial<Record<Side, string>>;
}

/** Runs the preflight of a move of one namespace between the two clusters, in this process. */
export const preflightOf = (namespace: string, flags: PreflightFlags = {}): Promise<PreflightResult> =>
  withInput(namespace, flags, preflight);

/** The minimal Roles of a move, for a user. */
export const rolesFor = (namespace: string, flags: PreflightFlags, user: string) =>
  withInput(namespace, flags, (input) => minimalRolesFor(input, user));

/** The messages of checks of one level as `id subject: message`, of one id if given. */
export const rowsOf = (result: PreflightResult, level: string, id?: string): string[] =>
  result.checks
    .filter((check) => check.level === level && (id === undefined || check.id === id))
    .map((check) => `${check.id} ${check.subject}: ${check.message}`);

/** Opens both sides of a namespace as a command does, hands the body what a preflight takes, and closes them. */
export const withInput = async <T>(
  namespace: string,
  flags: PreflightFlags,
  body: (input: PreflightInput) => Promise<T>,
): Promise<T> => {
  const { kind = 'cutover', kubeconfig = {}, options, stage, ...more } = flags;
  const contexts = {
    source: contextFor('source', kubeconfig.source),
    dest: contextFor('dest', kubeconfig.dest),
  };
  const source = openWriter(contexts.source, CLUSTER);
  const dest = openWriter(contexts.dest, CLUSTER);
  const { signal } = new AbortController();
  try {
    return await body({
      kind,
      source: kind === 'failover' ? undefined : await openSide(source, namespace, 'source', signal),
      dest: await openSide(dest, namespace, 'dest', signal),
      contexts,
      options: { ...MOVE, ...options },
      stageOptions: kind === 'cutover' ? { ...stageOptionsFor(namespace), ...stage } : undefined,
      record: undefined,
      expectedSeconds: 60,
      ignored: [],
      signal,
      now: () => Date.now(),
      ...more,
    });
  } finally {
    await Promise.all([source.close(), dest.close()]);
  }
};

export const MOVE: MoveOptions = { ...PLAIN_MOVE, concurrency: CLUSTER.concurrency };

const stageOptionsFor = (namespace: string): StageOptions => plainStage(namespace, CLUSTER.concurrency);
