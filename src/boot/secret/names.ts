/** What stands behind such a name and says only in which form it holds it: `root-password-crypted`, `password_hash`. */
const form =
  /^(?:crypted|encrypted|hash|hashed|again|b64|base64|binary|text|plain|plaintext|value|old|new|current|\d+)$/;

/** The last word of a name that holds a secret, however much is glued to it: `rootpw`, `ipa-otp`, `k3s_token`. */
const secretWord =
  /(?:passw(?:or)?d|passwort|passphrase|passcode|(?<!by|com)pass|pwd|pw|psk|otp|secret|token|credential|creds?|signature)s?$/;
const wholeWord = /^(?:sig|jwt|pin|authorization|bearer|wpa|wep|regcode|community|keytab|kubeconfig)$/;
/** A key without a space before it that is one. */
const gluedKey =
  /(?:api|access|private|priv|secret|auth|join|luks|wg|wireguard|preshared|shared|encryption|signing|master|recovery|product|license|activation|account|crypt|disk|unlock)keys?$/;
/** Keys that everybody may know, and what is no key to anything. */
const openKey = /(?:public|pub|authorized|host|known|ssh|sort|primary|foreign|index|cache|label|hot)$/;

/** Not in it: the id of a key that signs is in every URL that it has signed. */
const openName = /(?:goog|amz)credential$/;

/** Whether what is called so is a secret. A name may have any spelling: `vncPassword`, `passwd/root-password`, `X-Goog-Signature`. */
export function namesSecret(name: string): boolean {
  const words = name
    .slice(-256)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  while (words.length > 1 && form.test(words.at(-1) ?? '')) words.pop();
  const last = words.at(-1) ?? '';
  if (openName.test(words.join(''))) return false;
  if (secretWord.test(last) || wholeWord.test(last) || gluedKey.test(last)) return true;
  const before = words.slice(0, -1).join('');
  return /^keys?$/.test(last) && before !== '' && !openKey.test(before);
}
