import type { Verdict } from '../common/verdict.ts';
import type { KubeObject } from '../kube/api-types.ts';

/** The source's objects, indexed once per run so that filters need no quadratic search. */
export interface ObjectIndex {
  readonly all: readonly KubeObject[];
  byUid(uid: string): KubeObject | undefined;
  /** Objects of a kind, named as groupKind() names it: `Service`, `Deployment.apps`. */
  byKind(groupKind: string): readonly KubeObject[];
  /** One object by kind and name, or undefined. */
  find(groupKind: string, name: string): KubeObject | undefined;
}

/** What a filter may know besides the object. */
export interface FilterContext {
  readonly sourceNamespace: string;
  readonly destNamespace: string;
  readonly index: ObjectIndex;
  /** Whether an API group is built into Kubernetes (as opposed to served by a CRD or an aggregated API). */
  isBuiltinGroup(group: string): boolean;
  /** Whether custom resources are part of this run (`--include-custom-resources`). */
  readonly includeCustomResources: boolean;
  /** Whether the destination serves this kind in any version (its CRD is installed). */
  destServes(group: string, kind: string): boolean;
  /** Whether this kind, named as groupKind() names it, is scaled or paused: then it goes on and is no run. */
  isLasting(groupKind: string): boolean;
  /** Kinds of custom resources that are done once, as the user says (`--one-shot-kinds`). */
  readonly oneShotKinds: readonly string[];
}

/**
 * One rule about what is copied. Returns undefined when the rule has nothing to say about the object; the first
 * filter of the list that says something decides. Pure.
 */
export interface Filter {
  /** kebab-case, shown in debug output. */
  readonly name: string;
  /** Rule numbers of the portability reference, for the coverage table of the tests. */
  readonly rules: readonly string[];
  evaluate(object: KubeObject, context: FilterContext): Verdict | undefined;
}

/** What a transform may know besides the object. Maps are from source value to destination value. */
export interface TransformContext {
  readonly sourceContext: string;
  /** Whether one of the two clusters serves Argo CD's Applications. */
  readonly hasArgoCd: boolean;
  /** Whether the destination puts its own certificate authorities into ConfigMaps that ask for it, as OpenShift does. */
  readonly destInjectsCa: boolean;
  readonly sourceNamespace: string;
  readonly destNamespace: string;
  /** All source namespace -> destination namespace pairs of this run, this one included. */
  readonly namespaceMap: ReadonlyMap<string, string>;
  readonly storageClassMap: ReadonlyMap<string, string>;
  readonly accessModeMap: ReadonlyMap<string, string>;
  /** Image prefix -> image prefix: `registry.a.com/team` -> `registry.b.com/team`. */
  readonly imageMap: ReadonlyMap<string, string>;
  /** Host or `*.domain` suffix -> host: `shop.a.com` -> `shop.b.com`, `.a.com` -> `.b.com`. */
  readonly hostMap: ReadonlyMap<string, string>;
  readonly ingressClassMap: ReadonlyMap<string, string>;
  readonly preserveNodePorts: boolean;
  readonly preserveLoadBalancerIp: boolean;
  /** Copy LoadBalancer Services as ClusterIP and take external-dns annotations out of force while parked. */
  readonly holdLoadBalancers: boolean;
  /** Rewrite `svc.<source-namespace>[.svc...]` names in text; otherwise they are only reported. */
  readonly rewriteDns: boolean;
  /** Copy the template of the revision that serves where a newer one does not; absent counts as no. */
  readonly servingRevisions?: boolean | undefined;
}

/** Something the operator should know about one object: shown in the report with the path. */
export interface Note {
  readonly level: 'info' | 'warn';
  /** JSON path in the object, such as `spec.loadBalancerIP` or `data["app.conf"]`. */
  readonly path: string;
  /** A sentence without secret values. */
  readonly message: string;
}

export interface TransformInput {
  /** The object as the source sent it, with managedFields and the last-applied annotation. Never mutated. */
  readonly source: KubeObject;
  readonly context: TransformContext;
  note(note: Note): void;
}

/**
 * One rule about how an object changes on the way. Works on a draft that the pipeline made for it (a deep clone),
 * so that the fold over all transforms is pure while each rule stays a few plain assignments.
 */
export interface Transform {
  readonly name: string;
  readonly rules: readonly string[];
  /** groupKind() names this applies to (`Service`, `Ingress.networking.k8s.io`); undefined for every kind. */
  readonly kinds?: readonly string[];
  apply(draft: KubeObject, input: TransformInput): void;
}

/** The result of filter + transform for one source object. */
export interface Transformed {
  readonly source: KubeObject;
  readonly desired: KubeObject;
  readonly notes: readonly Note[];
}
