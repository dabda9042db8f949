import { IGNORE, PREFIX } from '../common/annotations.ts';
import type { Failure } from '../kube/api-errors.ts';
import { hasStatus, isKubeApiError } from '../kube/api-errors.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { groupKind, typeName } from '../kube/object-names.ts';
import { stringAt } from '../kube/raw-json.ts';
import { type AppliedRow, dryRunAll } from '../pipeline/apply-plan.ts';
import type { PlanItem } from '../pipeline/plan-object.ts';
import type { StageDeps, StageOptions } from './stage-types.ts';
import { patienceWith } from './stopping.ts';

/** What the destination's server says of the plan before anything is written. */
export interface DryRun {
  readonly rows: readonly AppliedRow[];
  /** Items that the server would refuse. */
  readonly refused: readonly AppliedRow[];
  /** Items that the server could not be asked about (a webhook without dry run, rights in the stand-in). */
  readonly unknown: readonly AppliedRow[];
}

/**
 * Sends every planned write as a server-side dry run. While the namespace does not exist yet, the dry runs go to
 * namespace `default` as a stand-in: schema, admission webhooks and policies answer there too, and nothing has to be
 * created to be able to ask. An answer that is about the stand-in itself (its rights, its quota, an object of the
 * same name) counts as unknown, and so does a binding of one of `clusterRoles`, which are to be created first.
 */
export const dryRunPlan = async (
  deps: StageDeps,
  options: StageOptions,
  items: readonly PlanItem[],
  namespaceExists: boolean,
  clusterRoles: ReadonlySet<string> = NONE,
): Promise<DryRun> => {
  const changing = items.filter((item) => item.action !== 'unchanged');
  const patience = patienceWith(deps.signal);
  let done = 0;
  const rows = await dryRunAll(changing, {
    writer: deps.dest,
    onConflict: options.onConflict,
    concurrency: options.concurrency,
    recreateTimeoutMs: options.recreateTimeoutMs,
    signal: patience.signal,
    standInNamespace: namespaceExists ? undefined : STAND_IN,
    onRow: ({ outcome }) => {
      patience.saw(outcome.failure);
      deps.reporter.progress(++done, changing.length, 'objects checked by a server-side dry run');
    },
  });
  const judged = await Promise.all(
    rows
      .map((row) => reportOwnMarks(judgeBinding(row, items, clusterRoles)))
      .map((row) => (namespaceExists ? row : judgeStandIn(deps, row))),
  );
  return {
    rows: judged,
    refused: judged.filter((row) => row.outcome.action === 'failed'),
    unknown: judged.filter((row) => row.outcome.action === 'unknown'),
  };
};

const NONE: ReadonlySet<string> = new Set();

/** The namespace that takes the dry runs for one that is not there yet. */
export const STAND_IN = 'default';

// To those who may not bind every Role the server says what a RoleBinding grants only when the Role is there.
const judgeBinding = (
  row: AppliedRow,
  items: readonly PlanItem[],
  clusterRoles: ReadonlySet<string>,
): AppliedRow => {
  const { item, outcome } = row;
  const role = stringAt(item.whole, 'roleRef', 'name');
  const isOpen =
    outcome.failure?.status === 404 &&
    groupKind(item.whole) === 'RoleBinding.rbac.authorization.k8s.io' &&
    (stringAt(item.whole, 'roleRef', 'kind') === 'ClusterRole'
      ? clusterRoles.has(role ?? '')
      : items.some(
          ({ type, content }) =>
            typeName(type) === 'roles.rbac.authorization.k8s.io' && content?.metadata.name === role,
        ));
  if (!isOpen) return row;
  const reason = `could not be checked before its Role exists: ${outcome.failure?.detail}`;
  return { ...row, outcome: { ...outcome, action: 'unknown', reason } };
};

// Where the annotations are near the limit already, it is our marks that are too much, and nobody sees them.
const reportOwnMarks = (row: AppliedRow): AppliedRow => {
  const { outcome, item } = row;
  if (outcome.action !== 'failed' || !/metadata\.annotations: Too long/.test(outcome.failure?.detail ?? ''))
    return row;
  return { ...row, outcome: { ...outcome, reason: `${outcome.reason}: ${marksTooLong(item.whole)}` } };
};

/** What to do about annotations that are too long only with the marks of dr-syncer, as a clause. Pure. */
export const marksTooLong = (whole: KubeObject): string => {
  const sizes = Object.entries(whole.metadata.annotations ?? {}).map(([key, value]) => ({
    isOurs: key.startsWith(PREFIX),
    bytes: Buffer.byteLength(key) + Buffer.byteLength(value),
  }));
  const sum = (isOurs: boolean): number =>
    sizes.filter((size) => size.isOurs === isOurs).reduce((total, { bytes }) => total + bytes, 0);
  return `its own annotations have ${sum(false)} bytes, and the annotations of dr-syncer need ${sum(true)} more; shorten one at the source, or leave the object out with the label ${IGNORE}=true`;
};

const judgeStandIn = async (deps: StageDeps, row: AppliedRow): Promise<AppliedRow> => {
  const { failure } = row.outcome;
  if (row.outcome.action !== 'failed' || failure === undefined) return row;
  const about = isAboutStandIn(failure) || (await existsInStandIn(deps, row.item));
  if (!about) return row;
  const reason = `could not be checked before the namespace exists: ${failure.detail}`;
  return { ...row, outcome: { ...row.outcome, action: 'unknown', reason } };
};

/**
 * Whether a refusal is about the stand-in: its quota, or what the authorizer (not an admission plugin) says of our
 * rights there. Pure.
 */
export const isAboutStandIn = (failure: Failure): boolean =>
  failure.status === 404 ||
  (failure.status === 403 &&
    (['quota', 'rights', 'limits'] as const).some((refusal) => failure.about.includes(refusal)));

const existsInStandIn = async (deps: StageDeps, item: PlanItem): Promise<boolean> => {
  const { name } = item.whole.metadata;
  try {
    return (
      (await deps.dest.get({ type: item.type, namespace: STAND_IN, name }, { signal: deps.signal })) !==
      undefined
    );
  } catch (error) {
    if (isKubeApiError(error) && hasStatus(error, 403)) return true;
    throw error;
  }
};
