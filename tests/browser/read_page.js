// All that a person can read on the page, a piece a line, through all shadow roots.
() => {
  const pieces = [];
  const read = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      if (node.data.trim()) pieces.push(node.data.trim());
      return;
    }
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (["SCRIPT", "STYLE", "TEMPLATE", "HA-CODE-EDITOR"].includes(node.tagName)) return;
      if (!node.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) {
        if (getComputedStyle(node).display !== "contents") return;
      }
    }
    for (const child of node.shadowRoot?.childNodes ?? []) read(child);
    for (const child of node.childNodes) read(child);
  };
  read(document.body);
  return pieces.join("\n");
};
