import { clause } from '../common/sentences.ts';
import { hasStatus } from '../kube/api-errors.ts';
import { groupKind, objectName } from '../kube/object-names.ts';
import { LEASES } from '../kube/well-known.ts';
import type { Finding } from '../needs/findings.ts';
import { quotaFindings } from '../needs/quota-findings.ts';
import { quotasInForce } from '../needs/quota-usage.ts';
import { inForce } from '../needs/quotas-in-force.ts';
import { isDryRunUnsupported } from '../pipeline/immutable-strategy.ts';
import { stageRecords } from '../state/record-objects.ts';
import { LOCK_NAME } from '../state/record-places.ts';
import { refusedRecords } from '../workloads/try-records.ts';
import type { Collected } from './collect-objects.ts';
import { isAboutStandIn, STAND_IN } from './dry-run-plan.ts';
import type { Prepared } from './prepare-plan.ts';
import { countCreated, countLive, countTypes } from './stage-counts.ts';
import type { StageDeps, StageOptions } from './stage-types.ts';

/**
 * Looks whether a stage that is about to write could keep its record and its lock as well, and whether the quotas of
 * the destination have room for all of it: found out after the objects are written, it would be too late. Nothing is
 * written. Returns a finding for each thing that is in the way. Throws KubeApiError when the destination does not
 * answer.
 */
export const checkRecordRoom = async (
  deps: StageDeps,
  options: StageOptions,
  collected: Collected,
  prepared: readonly Prepared[],
  namespaceExists: boolean,
): Promise<Finding[]> => {
  // The records of a move are its own concern.
  if (deps.lock === 'held') return [];
  const present = await presentRecords(deps, options, collected, namespaceExists);
  const refused = await refusedRecords(
    deps.dest,
    stageRecords(namespaceExists ? options.destNamespace : STAND_IN),
    present,
    deps.signal,
  );
  const where = `namespace ${options.destNamespace} of context ${deps.dest.context}`;
  return [
    ...refused
      .filter(({ failure }) => !isDryRunUnsupported(failure))
      .filter(({ failure }) => namespaceExists || !isAboutStandIn(failure))
      .map(({ record: { object }, failure }): Finding => {
        const what = groupKind(object) === 'ConfigMap' ? 'record of the stage' : 'lock';
        return {
          level: 'refuse',
          id: 'record-refused',
          subject: objectName(object),
          message: `${objectName(object)}, the ${what}, cannot be stored in ${where}: ${clause(failure.detail)}. Exempt objects with the label dr-syncer.io/record from what refuses it.`,
        };
      }),
    ...quotaRoom(deps, options, collected, prepared, { present, namespaceExists }),
  ];
};

const presentRecords = async (
  deps: StageDeps,
  { destNamespace }: StageOptions,
  collected: Collected,
  namespaceExists: boolean,
): Promise<ReadonlySet<string>> => {
  if (!namespaceExists) return new Set();
  const lease = await deps.dest
    .get({ type: LEASES, namespace: destNamespace, name: LOCK_NAME }, { signal: deps.signal })
    .catch((error: unknown) => {
      if (!hasStatus(error, 403)) throw error;
      return undefined;
    });
  const configMaps = collected.dest.filter((object) => groupKind(object) === 'ConfigMap');
  return new Set(
    [...configMaps, ...(lease === undefined ? [] : [lease])].map(({ metadata }) => metadata.name),
  );
};

const quotaRoom = (
  deps: StageDeps,
  options: StageOptions,
  collected: Collected,
  prepared: readonly Prepared[],
  { present, namespaceExists }: { readonly present: ReadonlySet<string>; readonly namespaceExists: boolean },
): Finding[] => {
  const desired = prepared.flatMap(({ item }) => item?.whole ?? []);
  const live = countLive(collected);
  // Every namespace gets the certificates of its cluster as soon as it is there.
  if (!namespaceExists) live.set('configmaps', 1);
  const own = stageRecords(options.destNamespace).filter(({ object }) => !present.has(object.metadata.name));
  return quotaFindings(
    { role: 'dest', namespace: options.destNamespace, cluster: deps.dest },
    quotasInForce(inForce('ResourceQuota', desired, collected.dest), collected.dest, live),
    [],
    { requests: {}, limits: {} },
    { created: countCreated(prepared), own: countTypes(own.map(({ type }) => type)) },
  ).map(({ subject, message, hint }) => ({
    level: 'refuse',
    id: 'quota-exceeded',
    subject,
    message: [message, hint].filter((text) => text !== undefined).join(' '),
  }));
};
