import * as keys from '../../common/annotations.ts';
import type { JsonObject, KubeObject } from '../../kube/api-types.ts';
import { groupKind } from '../../kube/object-names.ts';
import {
  clone,
  isObject,
  objectAt,
  objectsAt,
  parseJson,
  stableStringify,
  stringAt,
} from '../../kube/raw-json.ts';
import type { Note, Transform } from '../pipeline-types.ts';
import { annotationPath } from './support/field-paths.ts';
import { applyMergePatch } from './support/merge-patch.ts';
import { annotationsOf, dropAnnotations, setAnnotation } from './support/metadata-edits.ts';

// Annotations to take out of force, by prefix, and what stands for the prefix meanwhile: a key may have one slash and
// 63 characters behind it, so the real key cannot be kept whole. The server refuses the last one on a ClusterIP.
const HELD_ANNOTATIONS: readonly (readonly [string, string])[] = [
  ['external-dns.alpha.kubernetes.io/', `${keys.HELD_PREFIX}external-dns.alpha.`],
  ['external-dns.kubernetes.io/', `${keys.HELD_PREFIX}external-dns.`],
  [
    'service.beta.kubernetes.io/load-balancer-source-ranges',
    `${keys.HELD_PREFIX}load-balancer-source-ranges`,
  ],
];

// Fields that the server refuses, or that mean nothing, on a Service of type ClusterIP.
const LOAD_BALANCER_FIELDS = [
  'externalTrafficPolicy',
  'healthCheckNodePort',
  'allocateLoadBalancerNodePorts',
  'loadBalancerClass',
  'loadBalancerIP',
  'loadBalancerSourceRanges',
];

const HELD_FIELDS: ReadonlySet<string> = new Set([...LOAD_BALANCER_FIELDS, 'ports']);

// external-dns reads the hosts of these kinds from their spec. It ignores an object whose controller annotation names
// another controller. https://kubernetes-sigs.github.io/external-dns/latest/docs/annotations/annotations/
const CONTROLLER_KEYS = [
  'external-dns.alpha.kubernetes.io/controller',
  'external-dns.kubernetes.io/controller',
];
const NOBODY = 'dr-syncer-held';
const HOST_KINDS: ReadonlySet<string> = new Set([
  'Ingress.networking.k8s.io',
  'Ingress.extensions',
  'Route.route.openshift.io',
  ...['Gateway', 'HTTPRoute', 'GRPCRoute', 'TLSRoute'].map((kind) => `${kind}.gateway.networking.k8s.io`),
  ...['Gateway', 'VirtualService'].map((kind) => `${kind}.networking.istio.io`),
]);

/**
 * Keeps a parked copy from costing a load balancer and from taking over production DNS: a LoadBalancer Service
 * becomes a ClusterIP, and external-dns finds nothing to do. releaseHeld() gives back what is taken here.
 */
export const holdLoadBalancers: Transform = {
  name: 'hold-load-balancers',
  rules: ['T40'],
  apply(draft, { context, note }) {
    if (context.holdLoadBalancers) for (const each of hold(draft)) note(each);
  },
};

/**
 * Takes out of force, in a draft, what would cost a load balancer or take over DNS; returns what there is to say of it.
 * Twice on the same draft would hold our own mark: undo it first. Mutates the draft.
 */
export const hold = (draft: KubeObject): Note[] => {
  const notes: Note[] = [];
  const spec = objectAt(draft, 'spec');
  if (groupKind(draft) === 'Service' && spec?.['type'] === 'LoadBalancer') {
    holdService(draft, spec);
    notes.push({
      level: 'info',
      path: 'spec.type',
      message: 'The Service is a ClusterIP until cutover.',
    });
  }
  for (const [key, heldKey] of Object.keys(annotationsOf(draft)).flatMap(heldPair)) {
    setAnnotation(draft, heldKey, String(annotationsOf(draft)[key]));
    dropAnnotations(draft, (name) => name === key);
    notes.push({
      level: 'info',
      path: annotationPath(key),
      message: 'The annotation is disabled until cutover.',
    });
  }
  if (HOST_KINDS.has(groupKind(draft))) for (const key of CONTROLLER_KEYS) setAnnotation(draft, key, NOBODY);
  return notes;
};

/** Undoes a hold that the source itself carries, before anything else looks at the object. */
export const undoHold: Transform = {
  name: 'undo-hold',
  rules: ['T40'],
  apply(draft) {
    const patch = releaseHeld(draft);
    if (patch !== undefined) applyMergePatch(draft, patch);
  },
};

/**
 * The JSON merge patch (RFC 7386) that brings a held object back: the Service's type and its fields, and the
 * annotations under their own names. Undefined when nothing of the object is held. Pure.
 */
export const releaseHeld = (object: KubeObject): JsonObject | undefined => {
  const annotations: JsonObject = {};
  for (const [key, value] of Object.entries(annotationsOf(object))) {
    if (CONTROLLER_KEYS.includes(key) && value === NOBODY) annotations[key] ??= null;
    const row = HELD_ANNOTATIONS.find(([, held]) => key.startsWith(held));
    if (row === undefined || value === undefined) continue;
    annotations[key] = null;
    annotations[row[0] + key.slice(row[1].length)] = value;
  }
  // Nothing else is ever held.
  const type =
    groupKind(object) === 'Service' &&
    stringAt(object, 'metadata', 'annotations', keys.HELD_SERVICE_TYPE) === 'LoadBalancer'
      ? 'LoadBalancer'
      : undefined;
  if (type !== undefined) {
    annotations[keys.HELD_SERVICE_TYPE] = null;
    annotations[keys.HELD_SERVICE_SPEC] = null;
  }
  if (Object.keys(annotations).length === 0) return undefined;
  return type === undefined
    ? { metadata: { annotations } }
    : {
        metadata: { annotations },
        spec: { ...heldSpec(stringAt(object, 'metadata', 'annotations', keys.HELD_SERVICE_SPEC)), type },
      };
};

/**
 * The fields that the annotation of a held Service keeps, as JSON text; nothing for text that no hold has written. Whoever
 * may write an annotation is not thereby let write any field of a Service with the rights of the operator. Pure.
 */
export const heldSpec = (text: string | undefined): JsonObject => {
  if (text === undefined) return {};
  try {
    const spec = parseJson(text);
    if (!isObject(spec)) return {};
    return Object.fromEntries(Object.entries(spec).filter(([field]) => HELD_FIELDS.has(field)));
  } catch {
    return {};
  }
};

const holdService = (service: KubeObject, spec: JsonObject): void => {
  const held: JsonObject = {};
  for (const field of LOAD_BALANCER_FIELDS) {
    if (spec[field] !== undefined) held[field] = spec[field];
    delete spec[field];
  }
  const ports = objectsAt(spec, 'ports');
  if (ports.some((port) => port['nodePort'] !== undefined)) held['ports'] = clone(ports);
  for (const port of ports) delete port['nodePort'];
  setAnnotation(service, keys.HELD_SERVICE_TYPE, String(spec['type']));
  if (Object.keys(held).length > 0) setAnnotation(service, keys.HELD_SERVICE_SPEC, stableStringify(held));
  spec['type'] = 'ClusterIP';
};

const heldPair = (key: string): [string, string][] => {
  const row = HELD_ANNOTATIONS.find(([prefix]) => key.startsWith(prefix));
  return row === undefined ? [] : [[key, row[1] + key.slice(row[0].length)]];
};
