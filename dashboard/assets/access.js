// What the parts of Dash do not tell a screen reader: names of fields, and that a choice of one is a group of radio
// buttons. They draw themselves anew at will, so this follows.
(() => {
  "use strict";
  const labelOf = (element) => document.querySelector(`label[for="${element.id}"]`)?.textContent ?? "";
  const MENDS = {
    ".dash-radioitems[role=listbox]": (group) => set(group, { role: "radiogroup", "aria-label": labelOf(group) }),
    ".dash-checklist[role=listbox]": (group) => set(group, { role: "group", "aria-label": group.textContent }),
    "label[role=option]": (choice) => set(choice, { role: null }),
    "label.dash-options-list-option[aria-selected]": (choice) => set(choice, { "aria-selected": null }),
    ".dash-slider-thumb:not([aria-label])": (thumb) =>
      set(thumb, { "aria-label": thumb.closest("section[aria-label]")?.getAttribute("aria-label") ?? "Slider" }),
    ".dash-dropdown-focus-target[tabindex='0']": (twin) => set(twin, { tabindex: "-1" }),
    ".dash-datepicker-input-wrapper:not([role])": (field) => set(field, { role: "group" }),
    "[data-most-bytes] input[type=file]:not([aria-label])": (field) =>
      set(field, { "aria-label": field.closest("[data-most-bytes]").textContent }),
  };

  function set(element, attributes) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null) element.removeAttribute(name);
      else element.setAttribute(name, value);
    }
  }

  function mend() {
    for (const [selector, change] of Object.entries(MENDS)) document.querySelectorAll(selector).forEach(change);
  }

  let isDue = false;
  new MutationObserver(() => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      mend();
    });
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["role", "aria-selected"] });
})();
