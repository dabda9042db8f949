import type { Right } from '../needs/preflight-result.ts';
import type { MoveSide } from '../sides/side-types.ts';
import type { PreflightInput } from './preflight-types.ts';
import { inCluster, inNamespace, PODS } from './rights-scope.ts';

/**
 * What a copy of volume data uses on both sides: pv-migrate installs a Helm release and follows its pods, and the
 * verification runs a pod of its own. Pure.
 */
export const dataRights = ({ source, dest, data }: PreflightInput): Right[] =>
  data === undefined
    ? []
    : [source, dest].flatMap((side) => (side === undefined ? [] : sideRights(side, data.strategies)));

/**
 * What it takes to remove what a killed copy has left on a side: what its release is made of and what that has made, by
 * ourselves and by `pv-migrate cleanup` where the program is there. Without these rights it is only told. Pure.
 */
export const leftoverRights = (side: MoveSide): Right[] => [
  ...[...RELEASED, REPLICA_SETS, PODS].flatMap((type) =>
    inNamespace(side, type, ['get', 'list', 'delete'], 'wanted'),
  ),
  // Helm writes down that it removes a release before it does so.
  ...inNamespace(side, core('secrets'), ['update'], 'wanted'),
];

const sideRights = (side: MoveSide, strategies: readonly string[]): Right[] => [
  ...inNamespace(side, core('persistentvolumeclaims'), ['get', 'list']),
  ...inNamespace(side, PODS, ['get', 'list', 'watch', 'create', 'delete']),
  ...subresource(side, 'log', 'get'),
  ...(strategies.includes('local') ? subresource(side, 'portforward', 'create', needOf(strategies)) : []),
  ...RELEASED.flatMap((type) =>
    inNamespace(side, type, ['create', 'get', 'list', 'update', 'patch', 'delete']),
  ),
  ...inNamespace(side, core('services'), ['watch']),
  ...inNamespace(side, REPLICA_SETS, ['get', 'list']),
  ...leftoverRights(side),
  ...inNamespace(side, core('events'), ['list'], 'wanted'),
  ...inCluster(side, { group: 'storage.k8s.io', resource: 'storageclasses' }, ['get', 'list']),
  ...(strategies.includes('nodeport')
    ? inCluster(side, core('nodes'), ['get', 'list'], {}, needOf(strategies))
    : []),
];

const core = (resource: string) => ({ group: '', resource });

const REPLICA_SETS = { group: 'apps', resource: 'replicasets' };

// What its chart is made of.
const RELEASED = [
  core('secrets'),
  core('serviceaccounts'),
  core('services'),
  { group: 'apps', resource: 'deployments' },
  { group: 'batch', resource: 'jobs' },
  { group: 'networking.k8s.io', resource: 'networkpolicies' },
];

// Where another strategy can take its place, one that may not be used is passed over.
const needOf = (strategies: readonly string[]): Right['need'] =>
  strategies.length === 1 ? 'required' : 'wanted';

const subresource = (side: MoveSide, name: string, verb: string, need: Right['need'] = 'required'): Right[] =>
  inNamespace(side, PODS, [verb], need).map((right) => ({ ...right, subresource: name }));
