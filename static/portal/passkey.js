// Making and using a passkey (W3C Web Authentication). Its words come from data-* attributes.
const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const listed = (credentials = []) => credentials.map((one) => ({ ...one, id: bytes(one.id) }));

const make = async (options) => {
  const { user, challenge, excludeCredentials } = options;
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(challenge),
      user: { ...user, id: bytes(user.id) },
      excludeCredentials: listed(excludeCredentials),
    },
  });
  const { clientDataJSON, attestationObject } = made.response;
  return [made, { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) }];
};

const use = async (options) => {
  const { challenge, allowCredentials } = options;
  const used = await navigator.credentials.get({
    publicKey: { ...options, challenge: bytes(challenge), allowCredentials: listed(allowCredentials) },
  });
  const { clientDataJSON, authenticatorData, signature, userHandle } = used.response;
  const said = {
    clientDataJSON: text(clientDataJSON),
    authenticatorData: text(authenticatorData),
    signature: text(signature),
    userHandle: userHandle && text(userHandle),
  };
  return [used, said];
};

for (const form of document.querySelectorAll("[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const status = form.querySelector("[role=status]");
    status.textContent = "";
    try {
      const { publicKey } = JSON.parse(form.dataset.options);
      const [credential, response] = await (form.dataset.passkey === "make" ? make : use)(publicKey);
      form.elements.credential.value = JSON.stringify({
        id: credential.id,
        rawId: text(credential.rawId),
        type: credential.type,
        clientExtensionResults: credential.getClientExtensionResults(),
        response,
      });
      const { name, value } = event.submitter ?? {};
      if (name) {
        const pressed = document.createElement("input");
        pressed.type = "hidden";
        pressed.name = name;
        pressed.value = value;
        form.append(pressed);
      }
      form.submit();
    } catch {
      status.textContent = form.dataset.failed;
      delete form.dataset.sent;
      event.submitter?.removeAttribute("aria-disabled");
    }
  });
}
