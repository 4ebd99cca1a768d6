import { generateKeyPairSync } from 'node:crypto';

export const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
