import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { der } from './der.ts';

/** A key with its certificate, both PEM, plus what is needed to sign with it. */
export interface Identity {
  readonly name: Buffer;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly certPem: string;
  readonly keyPem: string;
}

/** Who a certificate is for; `hosts` are DNS names or IPv4 addresses, `organisation` becomes the RBAC group. */
export interface Subject {
  readonly commonName: string;
  readonly organisation?: string;
  readonly hosts?: readonly string[];
  /** Default in ten years; a date in the past makes an expired certificate. */
  readonly notAfter?: Date;
}

/**
 * Makes a P-256 key and a certificate for it (RFC 5280), valid for ten years if nothing else is asked.
 * Without `issuer` the result is a self-signed certificate authority; with it, a leaf for servers and clients.
 * Node can read certificates but not write them, and openssl is not on every machine; hence this file.
 */
export function makeIdentity(subject: Subject, issuer?: Identity): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const name = distinguishedName(subject);
  const body = der.sequence(
    der.wrapped(0, der.integer(Buffer.from([2]))),
    der.integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_SHA256,
    issuer?.name ?? name,
    validity(subject),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der.wrapped(3, der.sequence(...(issuer ? leafExtensions(subject) : authorityExtensions()))),
  );
  const signature = sign('sha256', body, issuer?.privateKey ?? privateKey);
  const certificate = der.sequence(body, ECDSA_SHA256, der.bits(signature));
  return {
    name,
    privateKey,
    publicKey,
    certPem: pem('CERTIFICATE', certificate),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

const ECDSA_SHA256 = der.sequence(der.oid('1.2.840.10045.4.3.2'));
const DAY_MS = 86_400_000;

function distinguishedName({ commonName, organisation }: Subject): Buffer {
  const part = (oid: string, value: string): Buffer => der.set(der.sequence(der.oid(oid), der.text(value)));
  const group = organisation === undefined ? [] : [part('2.5.4.10', organisation)];
  return der.sequence(...group, part('2.5.4.3', commonName));
}

function validity({ notAfter = new Date(Date.now() + 3650 * DAY_MS) }: Subject): Buffer {
  const notBefore = new Date(Math.min(Date.now(), notAfter.getTime()) - DAY_MS);
  return der.sequence(der.time(notBefore), der.time(notAfter));
}

function authorityExtensions(): Buffer[] {
  return [
    extension('2.5.29.19', true, der.sequence(der.boolean(true))),
    // keyCertSign and cRLSign
    extension('2.5.29.15', true, der.bits(Buffer.from([0x06]), 1)),
  ];
}

function leafExtensions({ hosts = [] }: Subject): Buffer[] {
  const purposes = der.sequence(der.oid('1.3.6.1.5.5.7.3.1'), der.oid('1.3.6.1.5.5.7.3.2'));
  const names = hosts.map((host) =>
    /^[\d.]+$/.test(host)
      ? der.tagged(7, Buffer.from(host.split('.').map(Number)))
      : der.tagged(2, Buffer.from(host, 'ascii')),
  );
  return [
    // digitalSignature
    extension('2.5.29.15', true, der.bits(Buffer.from([0x80]), 7)),
    extension('2.5.29.37', false, purposes),
    ...(names.length === 0 ? [] : [extension('2.5.29.17', false, der.sequence(...names))]),
  ];
}

function extension(oid: string, critical: boolean, value: Buffer): Buffer {
  return der.sequence(der.oid(oid), ...(critical ? [der.boolean(true)] : []), der.octets(value));
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
