import { listAt, objectAt, stringAt } from '../../kube/raw-json.ts';
import type { Transform, TransformInput } from '../pipeline-types.ts';
import { annotationPath } from './support/field-paths.ts';
import { annotationsOf, dropAnnotations } from './support/metadata-edits.ts';

// Annotations that ask one load balancer implementation for given addresses, as `spec.loadBalancerIP` does.
const ADDRESS_KEYS: ReadonlySet<string> = new Set([
  'metallb.universe.tf/loadBalancerIPs',
  'metallb.io/loadBalancerIPs',
  'kube-vip.io/loadbalancerIPs',
  'io.cilium/lb-ipam-ips',
  'lbipam.cilium.io/ips',
  'networking.gke.io/load-balancer-ip-addresses',
  'service.beta.kubernetes.io/azure-load-balancer-ipv4',
  'service.beta.kubernetes.io/azure-load-balancer-ipv6',
  'service.beta.kubernetes.io/azure-pip-name',
  'service.beta.kubernetes.io/aws-load-balancer-eip-allocations',
  'service.beta.kubernetes.io/aws-load-balancer-private-ipv4-addresses',
  'service.beta.kubernetes.io/aws-load-balancer-ipv6-addresses',
]);

/**
 * Takes addresses of the source's network out of Services. Traffic policies, session affinity and source ranges stay
 * as they are: they are the user's intent, and without its source ranges a load balancer is open to everybody.
 */
export const serviceLoadBalancer: Transform = {
  name: 'service-load-balancer',
  rules: ['T35', 'T36', 'T37', 'T38', 'T39'],
  kinds: ['Service'],
  apply(draft, input) {
    const spec = objectAt(draft, 'spec');
    if (spec === undefined) return;
    const isLoadBalancer = spec['type'] === 'LoadBalancer';

    if (!input.context.preserveLoadBalancerIp) {
      if (stringAt(spec, 'loadBalancerIP')) {
        delete spec['loadBalancerIP'];
        noteDroppedAddress('spec.loadBalancerIP', input);
      }
      for (const key of Object.keys(annotationsOf(draft)).filter((name) => ADDRESS_KEYS.has(name))) {
        dropAnnotations(draft, (name) => name === key);
        noteDroppedAddress(annotationPath(key), input);
      }
    }
    if (isLoadBalancer) {
      input.note({
        level: 'info',
        path: 'spec.type',
        message: 'The load balancer gets a new address at the destination. Update its DNS records yourself.',
      });
    }
    const loadBalancerClass = stringAt(spec, 'loadBalancerClass');
    if (isLoadBalancer && loadBalancerClass !== undefined) {
      input.note({
        level: 'warn',
        path: 'spec.loadBalancerClass',
        message: `The Service gets no address unless the destination runs a controller for class ${loadBalancerClass}.`,
      });
    }
    if (listAt(spec, 'externalIPs').length > 0) {
      if (isLoadBalancer) delete spec['externalIPs'];
      input.note({
        level: 'warn',
        path: 'spec.externalIPs',
        message: isLoadBalancer
          ? 'The external IPs belong to the source network and are left out.'
          : 'The external IPs belong to the source network. They are copied; check that the destination routes them.',
      });
    }
  },
};

const noteDroppedAddress = (path: string, { note }: TransformInput): void =>
  note({
    level: 'warn',
    path,
    message:
      'The load balancer address belongs to the source network and is left out. ' +
      'Use --preserve-load-balancer-ip if it can move to the destination.',
  });
