import type { KubeObject } from '../../kube/api-types.ts';
import { objectAt } from '../../kube/raw-json.ts';
import type { Transform } from '../pipeline-types.ts';
import { pathText } from './support/field-paths.ts';
import { annotationsOf, labelsOf } from './support/metadata-edits.ts';

/**
 * Leaves it to an OpenShift destination to fill in its own certificate authorities: with those of the source the pods
 * would trust the wrong ones, until an operator there has put it right again, after every stage.
 */
export const injectedCertificates: Transform = {
  name: 'injected-certificates',
  rules: ['T14'],
  kinds: ['ConfigMap'],
  apply(draft, { context, note }) {
    const data = objectAt(draft, 'data');
    if (!context.destInjectsCa || data === undefined) return;
    for (const key of injectedKeys(draft).filter((name) => data[name] !== undefined)) {
      delete data[key];
      note({
        level: 'info',
        path: pathText(['data', key]),
        message: 'Left out: OpenShift at the destination puts its own certificate authority there.',
      });
    }
    if (Object.keys(data).length === 0) delete draft['data'];
  },
};

// https://docs.openshift.com: the trusted CA bundle of the cluster, and the CA of its service certificates.
const injectedKeys = (object: KubeObject): string[] => [
  ...(labelsOf(object)['config.openshift.io/inject-trusted-cabundle'] === 'true' ? ['ca-bundle.crt'] : []),
  ...(SERVICE_CA.some((key) => annotationsOf(object)[key] === 'true') ? ['service-ca.crt'] : []),
];

const SERVICE_CA = [
  'service.beta.openshift.io/inject-cabundle',
  'service.alpha.openshift.io/inject-cabundle',
];
