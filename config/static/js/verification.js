// Keys of the verifier's desk. Each of them does what a link or button of the page does.
(function () {
  "use strict";
  var SWITCH = "groundbreak-desk-keys";
  var box = document.getElementById("keys-on");

  function on() {
    try {
      return localStorage.getItem(SWITCH) !== "off";
    } catch (_refused) {
      return !box || box.checked;
    }
  }
  if (box) {
    box.checked = on();
    box.addEventListener("change", function () {
      try {
        localStorage.setItem(SWITCH, box.checked ? "on" : "off");
      } catch (_refused) {
        // Without storage the box itself is asked.
      }
    });
  }

  // In the queue j and k walk through its rows.
  function walk(step) {
    var rows = Array.from(document.querySelectorAll("[data-queue-row]"));
    if (!rows.length) return false;
    var at = rows.indexOf(document.activeElement);
    var next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step;
    rows[Math.min(Math.max(next, 0), rows.length - 1)].focus();
    return true;
  }

  function press(key) {
    if (key === "?") {
      var help = document.getElementById("keys");
      if (!help) return false;
      help.open = true;
      help.querySelector("summary").focus();
      return true;
    }
    if ((key === "j" || key === "k") && walk(key === "j" ? 1 : -1)) return true;
    var what = document.querySelector('[data-key="' + key + '"]');
    if (!what) return false;
    if (what.tagName === "DETAILS") {
      what.open = true;
      var field = what.querySelector("form input:not([type=hidden]), form textarea");
      if (field) field.focus();
    } else {
      what.click();
    }
    return true;
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    if (!/^[jkvro?]$/.test(event.key) || !on()) return;
    var target = event.target;
    if (target.closest("dialog[open]") || target.isContentEditable) return;
    if (target.closest("textarea, select, input:not([type=checkbox]):not([type=radio])")) return;
    if (press(event.key)) event.preventDefault();
  });
})();
