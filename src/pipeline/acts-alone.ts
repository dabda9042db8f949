import type { KubeObject } from '../kube/api-types.ts';
import { groupOf } from '../kube/object-names.ts';
import { objectAt, stringAt } from '../kube/raw-json.ts';
import { isBuiltinGroup } from './api-groups.ts';

/** What a custom resource does by itself, whether pods of it run or not, and why two of them are one too many. */
export interface ActsAlone {
  /** A clause in the third person: `scales Deployment web`. */
  readonly does: string;
  /** What follows for a move while the one at the source goes on, as a clause. */
  readonly risk: string;
}

/**
 * What a custom resource does as soon as an operator finds it: scale another object, act at set times, or manage what
 * lies outside of the cluster. A parked copy must not do so beside the source. Undefined for everything else. Pure.
 */
export const actsAlone = (object: KubeObject): ActsAlone | undefined => {
  const group = groupOf(object.apiVersion);
  if (isBuiltinGroup(group)) return undefined;
  const target = objectAt(object, 'spec', 'scaleTargetRef');
  if (target !== undefined) {
    const name = `${stringAt(target, 'kind') ?? 'a workload'} ${stringAt(target, 'name') ?? ''}`.trim();
    return { does: `scales ${name}`, risk: 'it may scale stopped workloads up again' };
  }
  if (hasSchedule(object)) return { does: 'runs on a schedule', risk: 'it keeps doing so' };
  return isOutside(object, group)
    ? {
        does: 'manages resources outside the cluster',
        risk: 'both sides manage the same resources after the move',
      }
    : undefined;
};

const hasSchedule = (object: KubeObject): boolean =>
  /^(Cron|Scheduled)[A-Z]|Schedule$/.test(object.kind) ||
  stringAt(object, 'spec', 'schedule') !== undefined ||
  stringAt(object, 'spec', 'schedule', 'cron') !== undefined;

// Crossplane (its claims are of any group, and name a composition), AWS Controllers for Kubernetes, Config Connector,
// Azure Service Operator, external-dns, the operator of HCP Terraform.
const OUTSIDE =
  /(^|\.)(crossplane\.io|upbound\.io|services\.k8s\.aws|cnrm\.cloud\.google\.com|azure\.com)$|^externaldns\.k8s\.io$|^app\.terraform\.io$/;

const isOutside = (object: KubeObject, group: string): boolean =>
  OUTSIDE.test(group) ||
  ['compositionRef', 'compositionSelector', 'crossplane'].some(
    (field) => objectAt(object, 'spec', field) !== undefined,
  );
