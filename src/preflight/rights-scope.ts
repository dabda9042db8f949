import type { AccessQuestion } from '../kube/api-types.ts';
import type { Right } from '../needs/preflight-result.ts';
import type { MoveSide } from '../sides/side-types.ts';

/** A side as far as rights go. */
export type Scope = Pick<MoveSide, 'role' | 'namespace'>;

/** Rights on a type in the namespace of a side. */
export const inNamespace = (
  { role, namespace }: Scope,
  type: { readonly group: string; readonly resource: string },
  verbs: readonly string[],
  need: Right['need'] = 'required',
): Right[] =>
  verbs.map((verb) => ({ side: role, need, verb, group: type.group, resource: type.resource, namespace }));

/** Rights on a type outside namespaces, or in all of them. */
export const inCluster = (
  { role }: Scope,
  type: { readonly group: string; readonly resource: string },
  verbs: readonly string[],
  more: Pick<AccessQuestion, 'name' | 'namespace'> = {},
  need: Right['need'] = 'wanted',
): Right[] =>
  verbs.map((verb) => ({ side: role, need, verb, group: type.group, resource: type.resource, ...more }));

/** The group of Roles and bindings. */
export const RBAC = 'rbac.authorization.k8s.io';

export const NAMESPACES = { group: '', resource: 'namespaces' };
export const PODS = { group: '', resource: 'pods' };
