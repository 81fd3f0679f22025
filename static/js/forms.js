// @ts-check
// A form that is sent before its part of the page is there waits for it: what was typed stays,
// and the browser does not leave the page with it in the address.
(() => {
  const waiting = new WeakSet();

  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const { submitter } = event;
    const widget = form.closest("[data-widget]:not([data-mounted])");
    if (!widget) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (waiting.has(form)) return;
    waiting.add(form);
    new MutationObserver((_changes, observer) => {
      observer.disconnect();
      form.requestSubmit(submitter);
    }).observe(widget, { attributeFilter: ["data-mounted"] });
  }, true);
})();
