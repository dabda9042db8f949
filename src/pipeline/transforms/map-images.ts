import type { Transform, TransformContext } from '../pipeline-types.ts';
import { replaceStrings } from './support/field-paths.ts';
import { mapNamespace } from './support/map-namespaces.ts';
import { podSpecsOf } from './support/pod-templates.ts';

const IMAGE_FIELDS = [
  'containers.*.image',
  'initContainers.*.image',
  'ephemeralContainers.*.image',
  'volumes.*.image.reference',
];

// The registry inside an OpenShift cluster keeps one repository per namespace.
const INTERNAL_REGISTRY =
  /^((?:image-registry\.openshift-image-registry|docker-registry\.default)\.svc(?:\.[a-z0-9.-]+)?:5000\/)([^/]+)(?=\/)/;

/** Maps the images of every pod template: by the user's map, else by namespace in OpenShift's internal registry. */
export const images: Transform = {
  name: 'images',
  rules: ['T69', 'T81'],
  apply(draft, { context }) {
    for (const { spec } of podSpecsOf(draft)) {
      for (const pattern of IMAGE_FIELDS) replaceStrings(spec, pattern, (image) => mapImage(image, context));
    }
  },
};

/**
 * The destination's name of an image. The longest prefix of whole path components wins; an image without a registry
 * is also looked up by its full name, as `docker.io/library/nginx` for `nginx`.
 */
export const mapImage = (image: string, context: TransformContext): string =>
  replacePrefix(image, context.imageMap) ??
  replacePrefix(fullName(image), context.imageMap) ??
  image.replace(
    INTERNAL_REGISTRY,
    (_, registry: string, namespace: string) => registry + mapNamespace(namespace, context),
  );

const replacePrefix = (image: string, map: ReadonlyMap<string, string>): string | undefined => {
  const prefixes = [...map.keys()].filter((prefix) => isPrefix(trimmed(prefix), image));
  const longest = prefixes.reduce<string | undefined>(
    (best, prefix) => (best === undefined || trimmed(prefix).length > trimmed(best).length ? prefix : best),
    undefined,
  );
  if (longest === undefined) return undefined;
  return trimmed(map.get(longest) ?? longest) + image.slice(trimmed(longest).length);
};

// After a prefix comes a path, a digest or a tag; a colon with a slash behind it is a port, and so another host.
const isPrefix = (prefix: string, image: string): boolean =>
  image.startsWith(prefix) && /^($|[/@]|:[^/]*$)/.test(image.slice(prefix.length));

const trimmed = (prefix: string): string => prefix.replace(/\/+$/, '');

// A first component is a host when it has a dot or a port, or is localhost: the rule of the Docker reference format.
const fullName = (image: string): string => {
  const first = image.slice(0, Math.max(image.indexOf('/'), 0));
  if (/[.:]/.test(first) || first === 'localhost') return image;
  return `docker.io/${first === '' ? 'library/' : ''}${image}`;
};
