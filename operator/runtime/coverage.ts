import { asObject } from './json-merge-patch.ts';
import { isSameQuantity, isSameResource } from './quantity.ts';

/**
 * Lists that server-side apply merges by key (`listType: map` in the built-in schemas): other managers may own further items.
 * Every other list belongs to one manager as a whole. `ports` are a container's or a Service's.
 */
const listKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  ports: ['containerPort', 'port', 'protocol'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  imagePullSecrets: ['name'],
  resourceClaims: ['name'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
  ownerReferences: ['uid'],
  conditions: ['type'],
};

/** A NetworkPolicy's `ports` belong to their rule: a port that someone adds there opens a door. */
const atomicParents: ReadonlySet<string> = new Set(['ingress', 'egress']);

/** Defaults inside keys: a port without a protocol is a TCP port. */
const keyDefaults: Readonly<Record<string, string>> = { protocol: 'TCP' };

/** Values under these parents are quantities of resources. */
const quantityParents: ReadonlySet<string> = new Set(['limits', 'requests', 'capacity', 'hard', 'overhead']);
/** Fields that are quantities wherever they stand. */
const quantityFields: ReadonlySet<string> = new Set(['sizeLimit', 'divisor', 'averageValue', 'storage']);
/** Fields that are `IntOrString`: 8080 and "8080" mean the same. */
const intOrStringFields: ReadonlySet<string> = new Set(['port', 'targetPort', 'maxSurge', 'maxUnavailable', 'minAvailable']);
/** Go drops these when they are false or 0 (`omitempty` on a plain field); others, like automountServiceAccountToken, are kept. */
const droppedZeros: ReadonlySet<string> = new Set([
  'hostNetwork', 'hostPID', 'hostIPC', 'readOnly', 'paused', 'publishNotReadyAddresses', 'stdin', 'stdinOnce', 'tty', 'minReadySeconds', 'initialDelaySeconds',
]);
/** Fields for which empty is not absent: an empty selector selects everything, a missing one nothing. */
const meaningfulWhenEmpty: ReadonlySet<string> = new Set([
  'podSelector', 'namespaceSelector', 'labelSelector', 'selector', 'emptyDir', 'storageClassName', 'securityContext',
]);
/** Maps of people's own keys: an empty string in them is a value. */
const freeMaps: ReadonlySet<string> = new Set(['data', 'binaryData', 'labels', 'annotations', 'matchLabels', 'nodeSelector']);

/** Maps that the API replaces as a whole (`x-kubernetes-map-type: atomic`): a key more is another map. */
const atomicMaps: ReadonlySet<string> = new Set(['selector', 'nodeSelector']);

/** Where in an object a value stands: its field and the field around it; list items stand where their list does. */
type Place = Readonly<{ path: string; field: string; parent: string }>;

/** Whether `live` already has everything that `desired` says; see {@link firstUncovered}. */
export function isCovered(desired: unknown, live: unknown): boolean {
  return firstUncovered(desired, live) === undefined;
}

/**
 * The path of the first field in which `live` lacks what `desired` says; undefined when there is none.
 * What only `live` has (defaults, status, other managers' fields) does not count. Lists that merge by key compare by key,
 * others by index and length; quantities and IntOrStrings compare by value; empty is absent, where Go drops it.
 * Unsure means different: a needless apply changes nothing, a missed one leaves a hand's change in place.
 */
export function firstUncovered(desired: unknown, live: unknown): string | undefined {
  return compare(desired, live, { path: '', field: '', parent: '' });
}

function compare(desired: unknown, live: unknown, place: Place): string | undefined {
  if (desired === undefined) return undefined;
  if (live === undefined || live === null) return isAbsent(desired, place) ? undefined : place.path;
  if (Array.isArray(desired)) return Array.isArray(live) ? compareLists(desired, live, place) : place.path;
  const wanted = asObject(desired);
  if (wanted === undefined) return isSameScalar(desired, live, place) ? undefined : place.path;
  const found = asObject(live);
  if (found === undefined) return place.path;
  if (atomicMaps.has(place.field) && !place.path.endsWith(']') && isFlat(wanted)) {
    const extra = Object.keys(found).find((key) => !(key in wanted));
    if (extra !== undefined) return `${place.path}.${extra}`;
  }
  for (const [field, value] of Object.entries(wanted)) {
    const path = compare(value, found[field], { path: `${place.path}.${field}`, field, parent: place.field });
    if (path !== undefined) return path;
  }
  return undefined;
}

/** A map of texts, as a Service's selector; a Deployment's is an object with fields of its own. */
function isFlat(map: Readonly<Record<string, unknown>>): boolean {
  return Object.values(map).every((value) => typeof value === 'string');
}

function compareLists(desired: readonly unknown[], live: readonly unknown[], place: Place): string | undefined {
  const keys = atomicParents.has(place.parent) ? undefined : listKeys[place.field];
  const wanted = keys === undefined ? undefined : keyed(desired, keys);
  const found = keys === undefined ? undefined : keyed(live, keys);
  if (wanted !== undefined && found !== undefined) {
    for (const [key, item] of wanted) {
      const path = compare(item, found.get(key), { ...place, path: `${place.path}[${key}]` });
      if (path !== undefined) return path;
    }
    return undefined;
  }
  if (desired.length !== live.length) return place.path;
  for (const [index, item] of desired.entries()) {
    const path = compare(item, live[index], { ...place, path: `${place.path}[${index}]` });
    if (path !== undefined) return path;
  }
  return undefined;
}

/** Items by key; undefined when an item has no key or two have the same. */
function keyed(items: readonly unknown[], keys: readonly string[]): ReadonlyMap<string, unknown> | undefined {
  const result = new Map<string, unknown>();
  for (const item of items) {
    const object = asObject(item);
    if (object === undefined || !keys.some((key) => object[key] !== undefined)) return undefined;
    const key = keys.map((name) => keyPart(object[name], name)).join('/');
    if (result.has(key)) return undefined;
    result.set(key, item);
  }
  return result;
}

function keyPart(value: unknown, name: string): string {
  return isNumberOrString(value) ? String(value) : (keyDefaults[name] ?? '');
}

function isSameScalar(desired: unknown, live: unknown, { field, parent }: Place): boolean {
  if (desired === live) return true;
  if (!isNumberOrString(desired) || !isNumberOrString(live)) return false;
  if (quantityParents.has(parent)) return isSameResource(desired, live);
  if (quantityFields.has(field)) return isSameQuantity(desired, live);
  return intOrStringFields.has(field) && String(desired) === String(live);
}

function isAbsent(desired: unknown, { field, parent }: Place): boolean {
  if (desired === undefined || desired === null) return true;
  if (Array.isArray(desired)) return desired.length === 0;
  if (desired === false || desired === 0) return droppedZeros.has(field);
  if (meaningfulWhenEmpty.has(field) || freeMaps.has(parent)) return false;
  if (desired === '') return true;
  const object = asObject(desired);
  return object !== undefined && Object.entries(object).every(([inner, value]) => isAbsent(value, { path: '', field: inner, parent: field }));
}

function isNumberOrString(value: unknown): value is number | string {
  return typeof value === 'number' || typeof value === 'string';
}
