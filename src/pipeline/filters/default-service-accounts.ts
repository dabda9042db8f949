import { PREFIX } from '../../common/annotations.ts';
import { skip } from '../../common/verdict.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { groupKind } from '../../kube/object-names.ts';
import { listAt, stringAt, valueAt } from '../../kube/raw-json.ts';
import type { Filter, ObjectIndex } from '../pipeline-types.ts';
import { isGeneratedFor } from './generated-names.ts';
import { keysOf } from './label-values.ts';

/**
 * Leaves out the ServiceAccounts that every namespace gets, as long as nobody changed them. A customised one goes on
 * and is merged into the destination's. `builder` and `deployer` are such accounts on OpenShift only.
 */
export const defaultServiceAccounts: Filter = {
  name: 'default-service-accounts',
  rules: ['F27'],
  evaluate(object, { index }) {
    if (groupKind(object) !== 'ServiceAccount') return undefined;
    const { name } = object.metadata;
    const isAutomatic = name === 'default' || (OPENSHIFT_ACCOUNTS.includes(name) && isOpenShift(index));
    return isAutomatic && isPlain(object) ? skip('created automatically in every namespace') : undefined;
  },
};

const OPENSHIFT_ACCOUNTS = ['builder', 'deployer'];

// OpenShift 4 puts the ConfigMap into every namespace, older ones the bindings.
const isOpenShift = (index: ObjectIndex): boolean =>
  index.find('ConfigMap', 'openshift-service-ca.crt') !== undefined ||
  index.find('RoleBinding.rbac.authorization.k8s.io', 'system:image-builders') !== undefined;

const isPlain = (account: KubeObject): boolean =>
  keysOf(account, 'labels').every(isAutomaticKey) &&
  keysOf(account, 'annotations').every(isAutomaticKey) &&
  valueAt(account, 'automountServiceAccountToken') === undefined &&
  areGenerated(account, 'secrets', ['token', 'dockercfg']) &&
  areGenerated(account, 'imagePullSecrets', ['dockercfg']);

// Our own marks, and the note where OpenShift's registry controller keeps its pull secret.
const isAutomaticKey = (key: string): boolean =>
  key.startsWith(PREFIX) || key === 'openshift.io/internal-registry-pull-secret-ref';

// The same test by which generated entries are taken out of an account that is copied.
const areGenerated = (
  account: KubeObject,
  field: string,
  kinds: Parameters<typeof isGeneratedFor>[2],
): boolean =>
  listAt(account, field).every((entry) =>
    isGeneratedFor(account.metadata.name, stringAt(entry, 'name') ?? '', kinds),
  );
