"""The viewer's elements: legend and tools, the stage with its canvas, and what only screen readers see."""

HTML = """
<div class="dag">
  <div class="bar">
    <div class="legend"></div>
    <div class="tools">
      <button type="button" class="zoom-in" aria-label="Zoom in" title="Zoom in (+)"></button>
      <button type="button" class="zoom-out" aria-label="Zoom out" title="Zoom out (−)"></button>
      <button type="button" class="fit" aria-label="Fit the whole graph" title="Fit (0)"></button>
    </div>
  </div>
  <div class="stage" tabindex="0" role="application" aria-roledescription="graph viewer"
       aria-label="Model graph" aria-describedby="dag-summary dag-keys">
    <canvas aria-hidden="true"></canvas>
    <div class="tip" hidden></div>
  </div>
  <p class="unseen" id="dag-summary"></p>
  <p class="unseen" id="dag-keys">Left and right follow the tensors, up and down move between neighbours,
    Enter folds or unfolds a block, plus and minus zoom, 0 fits.</p>
  <p class="unseen live" aria-live="polite"></p>
</div>
"""
