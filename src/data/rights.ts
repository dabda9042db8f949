import type { AccessQuestion } from '../kube/types.ts';
import type { MoverOptions } from './types.ts';
import type { VerifyOptions } from './verify-pod.ts';

interface Options {
  readonly mover: Pick<MoverOptions, 'networkPolicies' | 'strategies'>;
  readonly verify: VerifyOptions | undefined;
}

const WRITE = ['create', 'delete', 'get', 'list', 'patch', 'update'] as const;

/** group, resource (with its subresource after a slash), verbs: what the mover asks of a namespace. */
type Row = readonly [group: string, resource: string, verbs: readonly string[]];

const ALWAYS: readonly Row[] = [
  ['', 'persistentvolumeclaims', ['get']],
  ['', 'pods', ['list', 'watch']],
  ['', 'pods/log', ['get']],
  ['', 'secrets', WRITE],
  ['', 'serviceaccounts', WRITE],
  ['', 'services', [...WRITE, 'watch']],
  ['apps', 'deployments', WRITE],
  ['apps', 'replicasets', ['get', 'list']],
  ['batch', 'jobs', WRITE],
];

/** The rights without which no strategy works, and those of the verification. Pure. */
export const neededRights = ({ mover, verify }: Options, namespace: string): AccessQuestion[] =>
  [
    ...ALWAYS,
    ...(mover.networkPolicies ? [['networking.k8s.io', 'networkpolicies', WRITE] as const] : []),
    ...(verify === undefined ? [] : [['', 'pods', ['create', 'delete', 'get']] as const]),
  ].flatMap((row) => questions(row, namespace));

/** The rights that only one of the strategies asks for. `side` is the one that has the data or the other. Pure. */
export const optionalRights = (
  { mover }: Options,
  namespace: string,
  side: 'from' | 'to',
): AccessQuestion[] => [
  ...(mover.strategies.includes('nodeport') && side === 'from'
    ? questions(['', 'nodes', ['get', 'list']], undefined)
    : []),
  ...(mover.strategies.includes('local') ? questions(['', 'pods/portforward', ['create']], namespace) : []),
];

const questions = ([group, name, verbs]: Row, namespace: string | undefined): AccessQuestion[] => {
  const [resource = '', subresource] = name.split('/');
  return verbs.map((verb) => ({ verb, group, resource, subresource, namespace }));
};
