"""The slider's elements: label, help, value or its entry, and the range."""

HTML = """
<div class="slider">
  <div class="head">
    <label class="label" for="range"></label>
    <button type="button" class="help" aria-label="Help" hidden>
      <svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6.4"></circle>
        <path d="M6.1 6.3a1.9 1.9 0 1 1 2.6 1.8c-.5.2-.7.5-.7 1.1M8 11.4v.1"></path></svg>
    </button>
    <button type="button" class="clear" hidden></button>
    <button type="button" class="value"></button>
    <input type="text" class="entry" spellcheck="false" autocomplete="off" hidden>
  </div>
  <input type="range" id="range" class="range" min="0" step="1">
  <div class="tip" role="tooltip" popover="manual"></div>
</div>
"""
