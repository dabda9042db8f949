import { skip } from '../../common/verdict.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { groupKind } from '../../kube/object-names.ts';
import { stringAt } from '../../kube/raw-json.ts';
import type { Filter } from '../pipeline-types.ts';
import { hasGeneratedSuffix, isGeneratedName } from './generated-names.ts';
import { annotationOf } from './label-values.ts';

/** Leaves out Secrets that Kubernetes or OpenShift generate, and that only the source cluster accepts. */
export const platformSecrets: Filter = {
  name: 'platform-secrets',
  rules: ['F29', 'F30', 'F32'],
  evaluate(object) {
    if (groupKind(object) !== 'Secret') return undefined;
    const row = TABLE.find(({ matches }) => matches(object, stringAt(object, 'type') ?? ''));
    return row === undefined ? undefined : skip(row.reason);
  },
};

interface PlatformSecret {
  readonly matches: (secret: KubeObject, type: string) => boolean;
  readonly reason: string;
}

const REGISTRY = 'OpenShift generates it for the registry of the source';
const OPENSHIFT_TOKENS = ['builder-token-', 'default-token-', 'deployer-token-'];
const SERVING_CERTIFICATE = [
  'service.alpha.openshift.io/originating-service-name',
  'service.beta.openshift.io/originating-service-name',
];

const TABLE: readonly PlatformSecret[] = [
  {
    // Users make Secrets of this old type as well; only OpenShift's carry a generated name.
    matches: ({ metadata }, type) =>
      type === 'kubernetes.io/dockercfg' &&
      metadata.name.includes('-dockercfg-') &&
      hasGeneratedSuffix(metadata.name),
    reason: REGISTRY,
  },
  {
    matches: ({ metadata }, type) =>
      type === 'kubernetes.io/service-account-token' &&
      OPENSHIFT_TOKENS.some((prefix) => isGeneratedName(metadata.name, prefix)),
    reason: 'it is a generated token, valid on the source only',
  },
  {
    matches: (secret) => SERVING_CERTIFICATE.some((key) => annotationOf(secret, key) !== undefined),
    reason: 'OpenShift issues a new serving certificate for the Service',
  },
  {
    matches: (_secret, type) => type === 'bootstrap.kubernetes.io/token',
    reason: 'nodes join the source cluster with it',
  },
];
