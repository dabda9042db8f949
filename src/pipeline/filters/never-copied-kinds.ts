import { skip } from '../../common/verdict.ts';
import { groupKind, groupOf } from '../../kube/object-names.ts';
import type { Filter } from '../pipeline-types.ts';

/** Leaves out kinds that are never copied, whoever made the object. */
export const neverCopiedKinds: Filter = {
  name: 'never-copied-kinds',
  rules: ['F20', 'F24', 'F25', 'F33', 'F34', 'F35', 'F39'],
  evaluate(object) {
    const reason = whyNeverCopied(object);
    return reason === undefined ? undefined : skip(reason);
  },
};

/** Why no object of this kind is ever copied, or undefined. Takes an object or a reference to one. */
export const whyNeverCopied = (object: {
  readonly apiVersion: string;
  readonly kind: string;
}): string | undefined => BY_KIND.get(groupKind(object)) ?? BY_GROUP.get(groupOf(object.apiVersion));

const EVENT = 'events describe what happened on the source';
const CERTIFICATE_REQUEST =
  'cert-manager creates it when a certificate is due; a copy would order the certificate again';
const SNAPSHOT = 'it names a snapshot in the storage of the source';
const OPERATOR = 'operators are installed at the destination, not copied';
const METRICS = 'metrics are measured on each cluster';
const NETWORK_PLUGIN = 'the network plugin creates it for pods of the source';

const BY_KIND: ReadonlyMap<string, string> = new Map([
  ['Event', EVENT],
  ['Event.events.k8s.io', EVENT],
  ['Lease.coordination.k8s.io', 'a lease is held by a process of the source'],
  ['ControllerRevision.apps', 'its controller records its own revisions'],
  ['PodTemplate', 'no controller runs pods from it'],
  ['CertificateRequest.cert-manager.io', CERTIFICATE_REQUEST],
  ['Order.acme.cert-manager.io', CERTIFICATE_REQUEST],
  ['Challenge.acme.cert-manager.io', CERTIFICATE_REQUEST],
  ['PodCertificateRequest.certificates.k8s.io', 'a kubelet of the source creates it for one pod'],
  ['CSIStorageCapacity.storage.k8s.io', 'it describes the storage of the source'],
  [
    'ResourceClaim.resource.k8s.io',
    'it is bound to devices of the source; create it by hand if pods reference it',
  ],
  ['VolumeSnapshot.snapshot.storage.k8s.io', SNAPSHOT],
  ['VolumeGroupSnapshot.groupsnapshot.storage.k8s.io', SNAPSHOT],
  ['Subscription.operators.coreos.com', OPERATOR],
  ['InstallPlan.operators.coreos.com', OPERATOR],
  ['ClusterServiceVersion.operators.coreos.com', OPERATOR],
  ['CatalogSource.operators.coreos.com', OPERATOR],
  ['OperatorGroup.operators.coreos.com', OPERATOR],
  ['OperatorCondition.operators.coreos.com', OPERATOR],
  ['CiliumEndpoint.cilium.io', NETWORK_PLUGIN],
  ['TargetGroupBinding.elbv2.k8s.aws', 'it names a load balancer target group of the source'],
]);

const BY_GROUP: ReadonlyMap<string, string> = new Map([
  ['metrics.k8s.io', METRICS],
  ['custom.metrics.k8s.io', METRICS],
  ['external.metrics.k8s.io', METRICS],
  ['velero.io', 'it belongs to the Velero of the source'],
]);
