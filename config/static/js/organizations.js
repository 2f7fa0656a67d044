// A company's people: a WeChat name is copied with one tap.
(function () {
  "use strict";

  function copy(text) {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    // Inside a county's network a page may come without TLS, where there is no clipboard.
    var field = document.createElement("textarea");
    field.value = text;
    field.setAttribute("readonly", "");
    field.className = "visually-hidden";
    document.body.appendChild(field);
    field.select();
    var done = document.execCommand("copy");
    field.remove();
    return done ? Promise.resolve() : Promise.reject(new Error("not copied"));
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (!button) return;
    var words = button.firstChild;
    var before = words.textContent;
    copy(button.dataset.copy).then(function () {
      words.textContent = button.dataset.copied;
      setTimeout(function () {
        words.textContent = before;
      }, 2000);
    }, function () {});
  });
})();
