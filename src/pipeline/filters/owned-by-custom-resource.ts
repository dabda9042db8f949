import { skip, warn } from '../../common/verdict.ts';
import type { OwnerReference } from '../../kube/api-types.ts';
import { controllerOf, directOwners, ownerName } from '../../kube/direct-owners.ts';
import { groupKind, groupOf } from '../../kube/object-names.ts';
import type { Filter, FilterContext } from '../pipeline-types.ts';
import { beingDeleted } from './being-deleted.ts';
import { finishedRuns } from './finished-runs.ts';
import { whyNeverCopied } from './never-copied-kinds.ts';
import { optedOut } from './opted-out.ts';

/**
 * Leaves out what an operator makes from a custom resource that is copied as well. Where the custom resource does
 * not come along, the object is copied without its owner, with a warning. PVCs, Secrets and ConfigMaps are copied
 * whoever owns them: they keep data and credentials, and the destination may lack the operator or its key.
 */
export const ownedByCustomResource: Filter = {
  name: 'owned-by-custom-resource',
  rules: ['F12', 'F13', 'F14'],
  evaluate(object, context) {
    const owner = controllerOf(object) ?? directOwners(object).find(isInstalled);
    if (owner === undefined || ALWAYS_COPIED.has(groupKind(object))) return undefined;
    if (context.isBuiltinGroup(groupOf(owner.apiVersion))) return undefined;
    const never = whyNeverCopied(owner);
    if (never !== undefined) return skip(`it belongs to ${ownerName(owner)}: ${never}`);
    const missing = whyMissing(owner, context);
    return missing === undefined
      ? skip(`its owner ${ownerName(owner)} recreates it`)
      : warn(`copied without its owner ${ownerName(owner)} (${missing})`);
  },
};

// The Operator Lifecycle Manager keeps what it installs without being its controller.
const isInstalled = ({ apiVersion }: OwnerReference): boolean =>
  groupOf(apiVersion) === 'operators.coreos.com';

const ALWAYS_COPIED: ReadonlySet<string> = new Set(['PersistentVolumeClaim', 'Secret', 'ConfigMap']);

/** Why the owner will not be at the destination to recreate what it owns, or undefined when it will. */
const whyMissing = (owner: OwnerReference, context: FilterContext): string | undefined => {
  if (!context.includeCustomResources) return 'custom resources are not part of this run';
  if (!context.destServes(groupOf(owner.apiVersion), owner.kind)) {
    return `the destination does not serve ${groupKind(owner)}`;
  }
  const found = context.index.byUid(owner.uid);
  if (found === undefined) return `it is not in namespace ${context.sourceNamespace}`;
  const left = [beingDeleted, optedOut, finishedRuns]
    .map((filter) => filter.evaluate(found, context))
    .find(isSkip);
  return left === undefined ? undefined : `which is left out: ${left.reason}`;
};

const isSkip = <T extends { readonly kind: string }>(
  verdict: T | undefined,
): verdict is T & { kind: 'skip' } => verdict?.kind === 'skip';
