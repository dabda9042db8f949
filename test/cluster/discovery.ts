import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from './api.ts';

/** Where the objects of a kind live, and whether they live in a namespace. */
export interface Resource {
  /** For example /apis/apps/v1 */
  readonly base: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Finds a kind by `Kind`, `plural`, `plural.group` or `apiVersion/Kind`; waits 10 s for a definition just applied. */
export type FindResource = (name: string) => Promise<Resource>;

/** Builds a finder that asks the server once and again only for names it does not know. */
export function createFinder(api: Api): FindResource {
  let known: ReadonlyMap<string, Resource> = new Map();
  return async (name) => {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const found = known.get(name.toLowerCase());
      if (found) {
        return found;
      }
      if (Date.now() > deadline) {
        throw new Error(`The test cluster serves no resource called "${name}".`);
      }
      if (known.size > 0) {
        await sleep(100);
      }
      known = await readAll(api);
    }
  };
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

async function readAll(api: Api): Promise<ReadonlyMap<string, Resource>> {
  const answers = await Promise.all(
    ['/api', '/apis'].map((path) => api('GET', path, { accept: AGGREGATED })),
  );
  const known = new Map<string, Resource>();
  const add = (name: string, resource: Resource): void => {
    // The first one wins: core before groups, the preferred version before others.
    if (!known.has(name.toLowerCase())) {
      known.set(name.toLowerCase(), resource);
    }
  };
  for (const group of answers.flatMap(({ body }) => body.items)) {
    const groupName: string = group.metadata?.name ?? '';
    for (const { version, resources = [] } of group.versions) {
      for (const { resource: plural, responseKind, scope } of resources) {
        const apiVersion = groupName ? `${groupName}/${version}` : version;
        const resource = {
          base: `/${groupName ? 'apis' : 'api'}/${apiVersion}`,
          plural,
          namespaced: scope === 'Namespaced',
        };
        add(`${apiVersion}/${responseKind.kind}`, resource);
        add(`${plural}.${groupName}`, resource);
        add(responseKind.kind, resource);
        add(plural, resource);
      }
    }
  }
  return known;
}

/** The path of one object, or of the collection when `name` is absent. */
export function pathOf(resource: Resource, namespace?: string, name?: string): string {
  const { base, plural, namespaced } = resource;
  const middle = namespaced && namespace ? `/namespaces/${namespace}` : '';
  return `${base}${middle}/${plural}${name ? `/${encodeURIComponent(name)}` : ''}`;
}
