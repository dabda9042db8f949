import { CONTENT_MANAGER } from '../../common/annotations.ts';
import { errorText } from '../../common/errors.ts';
import { isAboutGrants } from '../../kube/about-rights.ts';
import { type Failure, isKubeApiError } from '../../kube/api-errors.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { groupKind } from '../../kube/object-names.ts';
import type { StageDeps } from '../stage-types.ts';
import { patienceWith } from '../stopping.ts';
import { roleOfBinding } from './binding-copy.ts';
import type { ClusterNeed, TriedNeed } from './bring-types.ts';
import { whenEstablished } from './established.ts';

/**
 * Asks the destination's server in dry runs whether it would create all this. A binding of a role that is to be created as
 * well may not be answered yet. Returns a row per need; never throws for a refusal.
 */
export const tryNeeds = (deps: StageDeps, needs: readonly ClusterNeed[]): Promise<TriedNeed[]> =>
  createAll(deps, needs, true);

/**
 * Creates what is needed, one after the other: definitions first, and of each it waits until the server serves its type; roles
 * before the bindings that name them. Only ever creates: what is there by now is left as it is. When the signal aborts, or
 * when the server is gone, the rest is `pending`. Returns a row per need; a failure is in its row.
 */
export const createNeeds = (deps: StageDeps, needs: readonly ClusterNeed[]): Promise<TriedNeed[]> =>
  createAll(deps, needs, false);

const createAll = async (
  deps: StageDeps,
  needs: readonly ClusterNeed[],
  dryRun: boolean,
): Promise<TriedNeed[]> => {
  const patience = patienceWith(deps.signal);
  const tried: TriedNeed[] = [];
  for (const need of needs) {
    const row = patience.signal.aborted ? pending(need) : await createOne(deps, need, { dryRun, needs });
    patience.saw(row.failure);
    tried.push(row);
    if (dryRun || row.action === 'pending') continue;
    deps.reporter.event('object', {
      kind: need.body.kind,
      name: need.body.metadata.name,
      action: row.action,
      reason: row.reason === '' ? undefined : row.reason,
    });
  }
  return tried;
};

const createOne = async (
  deps: StageDeps,
  need: ClusterNeed,
  { dryRun, needs }: { readonly dryRun: boolean; readonly needs: readonly ClusterNeed[] },
): Promise<TriedNeed> => {
  const started = performance.now();
  const row = (
    action: TriedNeed['action'],
    reason: string,
    more: Partial<Pick<TriedNeed, 'failure' | 'warnings' | 'attempts'>> = {},
  ): TriedNeed => ({
    need,
    action,
    reason,
    warnings: [],
    attempts: 1,
    ...more,
    ms: Math.round(performance.now() - started),
  });
  try {
    const written = await deps.dest
      .create(need.type, need.body, { fieldManager: CONTENT_MANAGER, dryRun })
      .catch((error: unknown) => {
        if (isKubeApiError(error) && error.failure.reason === 'AlreadyExists') return undefined;
        throw error;
      });
    if (!dryRun && isDefinition(need.body)) {
      const problem = await problemOfDefinition(deps, need.body);
      if (problem !== undefined) return row('failed', problem, { attempts: written?.attempts ?? 1 });
    }
    return written === undefined
      ? row('skipped', 'someone else has created it in the meantime; it is left unchanged')
      : row('created', '', { warnings: written.warnings, attempts: written.attempts });
  } catch (error) {
    if (!isKubeApiError(error)) return row('failed', errorText(error));
    const { failure } = error;
    if (dryRun && isOpen(failure, need, needs))
      return row('unknown', `could not be checked before its ClusterRole exists: ${failure.detail}`);
    return row('failed', refusalText(failure), { failure });
  }
};

const problemOfDefinition = async (deps: StageDeps, body: KubeObject): Promise<string | undefined> => {
  try {
    await whenEstablished(deps, body);
    return undefined;
  } catch (error) {
    return `it exists, but objects of its type cannot be written yet: ${errorText(error)}`;
  }
};

const pending = (need: ClusterNeed): TriedNeed => ({
  need,
  action: 'pending',
  reason: 'not written',
  warnings: [],
  attempts: 0,
  ms: 0,
});

const isDefinition = (body: KubeObject): boolean => body.kind === 'CustomResourceDefinition';

// To those who may not bind every role the server says what a binding grants only when the role is there.
const isOpen = (failure: Failure, { body }: ClusterNeed, needs: readonly ClusterNeed[]): boolean =>
  failure.status === 404 &&
  groupKind(body) === 'ClusterRoleBinding.rbac.authorization.k8s.io' &&
  needs.some(
    (other) => other.body.kind === 'ClusterRole' && other.body.metadata.name === roleOfBinding(body),
  );

const refusalText = (failure: Failure): string => {
  const said = `${failure.detail}${failure.status === 0 ? '' : ` (${failure.status} ${failure.reason})`}`;
  return isAboutGrants(failure)
    ? `${said}; the server lets no one create a role or a binding that grants more than they have themselves, and dr-syncer asks for no permission to do so: ask someone who has these permissions to run this, or to create it`
    : said;
};
