import type { Transform } from '../pipeline-types.ts';
import { accessModes } from './access-modes.ts';
import { copiedRevision } from './copied-revision.ts';
import { dropStatus } from './drop-status.ts';
import { endpoints } from './endpoint-subsets.ts';
import { gatewayParents } from './gateway-parents.ts';
import { gitopsTracking } from './gitops-tracking.ts';
import { holdLoadBalancers, undoHold } from './hold-load-balancers.ts';
import { ingressClass } from './ingress-class.ts';
import { ingressNotes } from './ingress-notes.ts';
import { injectedCertificates } from './injected-certificates.ts';
import { istio } from './istio.ts';
import { job } from './job.ts';
import { dnsNames } from './map-dns-names.ts';
import { hosts } from './map-hosts.ts';
import { images } from './map-images.ts';
import { storageClasses } from './map-storage-classes.ts';
import { marks } from './marks.ts';
import { namespaceFields } from './namespace-fields.ts';
import { namespaceReferences } from './namespace-references.ts';
import { nestedTemplates } from './nested-templates.ts';
import { networkPolicy } from './network-policy.ts';
import { pausedRollout } from './paused-rollout.ts';
import { rebuildMetadata } from './rebuild-metadata.ts';
import { resourceQuota } from './resource-quota.ts';
import { roleBinding } from './role-binding.ts';
import { routeHost } from './route-host.ts';
import { sealedSecret } from './sealed-secret.ts';
import { serverAnnotations } from './server-annotations.ts';
import { serviceAccount } from './service-account.ts';
import { serviceAddresses } from './service-addresses.ts';
import { serviceLoadBalancer } from './service-load-balancer.ts';
import { serviceNodePorts } from './service-node-ports.ts';
import { tokenSecret } from './token-secret.ts';
import { unboundPvcs } from './unbind-pvc.ts';
import { wokenByOthers } from './woken-by-others.ts';

export { heldSpec, hold, releaseHeld } from './hold-load-balancers.ts';

/**
 * Every transform, in the order in which they run:
 * 1. A hold from an earlier run in the other direction is undone, so that all rules see the object as the user made
 *    it.
 * 2. Metadata and status. The namespace is set here, first and not last, so that the rules after it see the object
 *    in its new place; what they need of the old one they read from the source object, which stays whole.
 * 3. One kind at a time. PVCs come before StorageClasses, since the class may still be in an annotation.
 * 4. References to namespaces in known fields, then the searches through text and unknown fields, which so report
 *    only what nothing else has rewritten.
 * 5. The hold, which takes the finished Service apart.
 * Rules that a user writes belong between 4 and 5.
 */
export const TRANSFORMS: readonly Transform[] = [
  undoHold,

  rebuildMetadata,
  dropStatus,
  marks,
  copiedRevision,
  serverAnnotations,
  gitopsTracking,
  wokenByOthers,
  nestedTemplates,

  serviceAddresses,
  serviceNodePorts,
  serviceLoadBalancer,
  endpoints,
  ingressClass,
  hosts,
  ingressNotes,
  routeHost,
  networkPolicy,
  unboundPvcs,
  storageClasses,
  accessModes,
  injectedCertificates,
  serviceAccount,
  tokenSecret,
  resourceQuota,
  job,
  pausedRollout,
  images,
  sealedSecret,

  roleBinding,
  gatewayParents,
  namespaceReferences,
  istio,
  dnsNames,
  namespaceFields,

  holdLoadBalancers,
];
