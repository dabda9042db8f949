import type { KubeObject } from '../kube/api-types.ts';
import { stableStringify } from '../kube/raw-json.ts';
import { stashedObject } from '../pipeline/stash.ts';
import { checkClasses } from './class-needs.ts';
import { checkClusterRoles } from './cluster-role-needs.ts';
import { checkEphemeralClaims } from './ephemeral-pvcs.ts';
import type { Finding } from './findings.ts';
import { checkGrants } from './grant-needs.ts';
import { createLister } from './lister.ts';
import { checkNamespace } from './namespace-needs.ts';
import type { Check, CheckContext, CheckInput } from './need-types.ts';
import { checkNodeLabels } from './node-label-needs.ts';
import { checkPodSurroundings } from './pod-notes.ts';
import { templatesOf } from './pod-templates-of.ts';
import { checkQuotaRequests } from './quota-requests.ts';
import { checkQuotaStorage } from './quota-storage.ts';
import { checkReferences } from './reference-needs.ts';
import { checkStorageClasses } from './storage-class-needs.ts';
import { checkHooks } from './webhook-needs.ts';
import { checkSubjects, checkWiderRoles } from './wider-roles.ts';

export type { CheckInput } from './need-types.ts';

/**
 * Looks for what the copy needs of the destination cluster and does not find there, and for what belongs to the
 * namespace at the source and is not copied. Reads only, and lists a type at most once per side, only when something
 * asks for it. What we may not read becomes a finding `cannot-check`. `quick` leaves out what reads types of whole
 * clusters whether the application names them or not.
 * Returns the findings with refusals first; the same clusters give the same order. Throws KubeApiError when a cluster
 * cannot be reached, RefusedError when an object has an unreadable record of ours.
 */
export const checkNeeds = async (input: CheckInput, scope: 'all' | 'quick' = 'all'): Promise<Finding[]> => {
  const lister = createLister(input);
  const desired = withStashed(input.desired);
  const templates = templatesOf(desired, input.sourceObjects);
  const context: CheckContext = { ...input, desired, templates, lister };
  const checks = scope === 'all' ? [...QUICK, ...THOROUGH] : QUICK;
  const found = await Promise.all(checks.map(async (check) => check(context)));
  return sortFindings([...found.flat(), ...lister.findings()]);
};

const QUICK: readonly Check[] = [
  checkStorageClasses,
  checkEphemeralClaims,
  checkClusterRoles,
  checkWiderRoles,
  checkSubjects,
  checkClasses,
  checkReferences,
  checkNodeLabels,
  checkQuotaRequests,
  checkQuotaStorage,
  checkNamespace,
  checkPodSurroundings,
];

const THOROUGH: readonly Check[] = [checkGrants, checkHooks];

/** Findings by level, id, subject and message, each once. Pure. */
export const sortFindings = (findings: readonly Finding[]): Finding[] => {
  const keyed = findings.map((finding) => [sortKey(finding), finding] as const);
  return [...new Map(keyed)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, finding]) => finding);
};

const LEVELS: readonly Finding['level'][] = ['refuse', 'warn', 'info'];

const sortKey = ({ level, id, subject, message }: Finding): string =>
  stableStringify([LEVELS.indexOf(level), id, subject, message]);

/** Objects with the manifests that stashes among them hold: these are created at the start, and need the same. Pure. */
export const withStashed = (objects: readonly KubeObject[]): KubeObject[] =>
  objects.flatMap((object) => {
    const stashed = stashedObject(object);
    return stashed === undefined ? [object] : [object, stashed];
  });
