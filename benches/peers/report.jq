# Fills the template docs/peers.in.md from one run: every @@NAME@@ is replaced by a table or list.
#   jq -rs --rawfile template docs/peers.in.md -f report.jq results.jsonl

def median: sort | if length == 0 then null elif length % 2 == 1 then .[length / 2 | floor]
  else (.[length / 2] + .[length / 2 - 1]) / 2 end;
# 2.34567 → "2.35", keeping trailing zeros.
def fixed($digits): if . == null then "–" else
  (pow(10; $digits)) as $p | (. * $p | round) as $n | ($n % $p | fabs | tostring) as $rest |
  "\(if $n < 0 then "-" else "" end)\(($n | fabs) / $p | floor)" + if $digits == 0 then "" else "." + ("0" * ($digits - ($rest | length)) // "") + $rest end
  end;
# median (min–max)
def spread($digits): if length == 0 then "–" else "\(median | fixed($digits)) (\(min | fixed($digits))–\(max | fixed($digits)))" end;
def row: "| " + join(" | ") + " |";
def table($head): [($head | row), ($head | map("---") | row)] + map(row) | join("\n");

def names: {
  "ours": "**pulsecam**, two hops, its relay, to BGRX",
  "ours-qt": "pulsecam's ends, two hops, the Qt relay, to BGRX",
  "gst": "GStreamer, one hop, to BGRx",
  "gst-relay": "GStreamer, two hops, GStreamer as relay, to BGRx",
  "gst-planes": "GStreamer, one hop, to I420: no colour step",
  "ffmpeg": "FFmpeg, one hop, to BGR0",
  "ffmpeg-planes": "FFmpeg, one hop, to I420: no colour step",
  "ours-floor": "*pulsecam's codec alone, one thread*",
  "gst-floor": "*GStreamer's codec alone, to BGRx*",
  "ffmpeg-floor": "*FFmpeg's codec alone, to BGR0*"
};
def trial_names: {
  "t-gst-as-is": "GStreamer with default settings, one hop",
  "t-gst-as-is-relay": "GStreamer with default settings, two hops",
  "t-gst-nodelay": "… with TCP_NODELAY, one hop",
  "t-gst-nodelay-relay": "… with TCP_NODELAY, two hops",
  "t-gst-64k": "… and `socketsrc blocksize=65536` in place of `tcpclientsrc`, one hop from here on",
  "t-gst-256k": "… and `socketsrc blocksize=262144`",
  "t-gst-256k-2": "… and both: 256 KiB, `videoconvert n-threads=2` (the settings above)",
  "t-gst-queue": "… `queue` between decoder and `videoconvert`, which has one thread",
  "t-gst-libav": "… `avdec_mjpeg` as decoder",
  "t-gst-slices": "… `avenc_mjpeg` with slices in threads as encoder (other tables, about the same bytes)",
  "t-gst-islow": "… `idct-method=islow` on both sides, as pulsecam has it",
  "t-ffm-plain": "FFmpeg, one thread each side",
  "t-ffm-optimal": "… `huffman=optimal`, its default",
  "t-ffm-direct": "… unbuffered output (`AVIO_FLAG_DIRECT`)",
  "t-ffm-slices": "… encoder with two threads by slice (the settings above)",
  "t-ffm-slices-bgr": "… and swscale with two threads"
};

. as $all
| (map(select(.kind == "run")) | last) as $run
| (map(select(.kind == "latency")) | . + map(select(.arm == "ours") | .arm = "ours-floor" | .whole = .floor | .cpu_ms_per_frame = .floor_cpu_ms_per_frame)) as $latency
| map(select(.kind == "trial")) as $trials
| map(select(.kind == "fanout")) as $fanout
| ($latency | map({size, fps}) | unique_by(.size) | sort_by(.size | split("x") | map(tonumber))) as $sizes
| def rounds($size; $arm): $latency | map(select(.size == $size and .arm == $arm));
  # ours ÷ theirs, round by round
  def ratios($size; $arm; $what):
    rounds($size; $arm) | map(. as $theirs | rounds($size; "ours")[] | select(.round == $theirs.round) | .whole[$what] / $theirs.whole[$what]);
  def arms($size): names | keys_unsorted | map(select(. as $arm | rounds($size; $arm) | length > 0));
  def relay($viewers; $rate; $name): $fanout | map(select(.viewers == $viewers and .rate == $rate and .relay == $name)) | first;

  def latency_table($size): arms($size) | map(. as $arm | rounds($size; $arm) as $r | [
      names[$arm],
      ($r | map(.whole.p50) | spread(2)), ($r | map(.whole.p99) | spread(2)), ($r | map(.whole.max) | max | fixed(1)),
      ($r | map(.cpu_ms_per_frame | values) | median | fixed(1)),
      (if $arm == "ours" then "" else ratios($size; $arm; "p50") | spread(2) end),
      (if $arm == "ours" then "" else ratios($size; $arm; "p99") | spread(2) end)
    ]) | table(["milliseconds", "p50", "p99", "max", "CPU per frame", "ours ÷ theirs, p50", "p99"]);

  def latency_wins: [ $sizes[].size as $size | arms($size)[] | select(. != "ours" and (endswith("floor") | not)) as $arm
    | ("p50", "p99") as $what | ratios($size; $arm; $what) | select(length > 0 and median > 1)
    | "- \($size), \($what), \(names[$arm]): ours ÷ theirs \(spread(2))" + if min < 1 then "; not in every round" else "" end ];
  def fanout_wins: [ $fanout[] | select(.relay != "pulsecam" and .relay != "floor") as $theirs
    | relay($theirs.viewers; $theirs.rate; "pulsecam") as $ours
    | (if $theirs.rate == null and $theirs.gb_per_s > $ours.gb_per_s
       then "- fan-out to \($theirs.viewers) at full speed, \($theirs.relay): throughput, ours ÷ theirs \($ours.gb_per_s / $theirs.gb_per_s | fixed(2))" else empty end),
      (if $theirs.cpu_s_per_gb < $ours.cpu_s_per_gb
       then "- fan-out to \($theirs.viewers) \(if $theirs.rate then "at \($theirs.rate)/s" else "at full speed" end), \($theirs.relay): processor time, ours ÷ theirs \($ours.cpu_s_per_gb / $theirs.cpu_s_per_gb | fixed(2))" else empty end) ];

  {
    RUN: ("\($run.date); \($run.cpu), \($run.cores) cores; \($run.system). Before the run began the load average was \($run.load)"
      + (if ($run.load | tonumber) > 0.5 then ", so **other work ran beside it: take the ratios, and those with care**" else "" end)
      + (($latency | map(select(.arm == "ours"))) as $own | ($own | map(select((.noisy // []) != [])) | length) as $noisy
         | ". pulsecam reported a noisy machine in \($noisy) of its \($own | length) measurements")
      + ". \($run.rounds) rounds of \($run.seconds) s for each contestant and size, fan-out \($run.fanout_for) in all."),
    VERSIONS: "- \($run.ours)\(if $run.commit != "" then ", sources at \($run.commit)" else "" end)\n- GStreamer: \($run.gst)\n- its JPEG: \($run.jpeg)\n- FFmpeg: \($run.ffmpeg)\n- Qt: \($run.qt)",
    JPEG: ($all | map(select(.kind == "jpeg") | [.size, .encoder, (.bytes / 1000 | fixed(1)), (.psnr_y | fixed(2)), (.psnr | fixed(2))])
      | table(["size", "encoder", "kB per frame", "PSNR of luma, dB", "of all planes"])),
    LATENCY: ($sizes | map("### \(.size), \(.fps)/s\n\(latency_table(.size))") | join("\n\n")),
    REPLACED: ($latency | map(select(.arm == "ours")) | "\(map(.replaced) | add) of \(map(.frames + .replaced) | add)"),
    AIM: ($sizes | map(.size as $size | [ $size, (ratios($size; "gst"; "p50") | spread(2)), (ratios($size; "gst-relay"; "p50") | spread(2)),
        (ratios($size; "gst-planes"; "p50") | spread(2)), (ratios($size; "ffmpeg"; "p50") | spread(2)) ])
      | table(["ours ÷ theirs at p50", "GStreamer", "GStreamer, two hops", "GStreamer without the colour step", "FFmpeg"])),
    TRIALS: (if $trials == [] then "(not in this run)" else
      (trial_names | to_entries | map(. as {$key, $value} | $trials | map(select(.arm == $key)) | select(length > 0)
        | [$value, (map(.whole.p50) | spread(2)), (map(.whole.p99) | spread(2)), (map(.cpu_ms_per_frame | values) | median | fixed(1))])
      | "At \($trials[0].size), \($trials[0].fps)/s, \($run.trial_rounds) rounds:\n\n" + table(["milliseconds", "p50", "p99", "CPU per frame"])) end),
    FANOUT: (if $fanout == [] then "(not in this run)" else
      ($fanout | map(select(.rate == null)) | map(. as $full | relay(.viewers; 30; .relay) as $paced | relay(.viewers; null; "pulsecam") as $ours
        | [ (.viewers | tostring), (if .relay == "pulsecam" then "**pulsecam**" else .relay end), (.gb_per_s | fixed(2)), (.cpu_s_per_gb | fixed(2)),
            ($paced.cpu_s_per_gb | fixed(2)), "\($paced.age_ms.p50 | fixed(2)) / \($paced.age_ms.p99 | fixed(2))", (.memory / 1e6 | fixed(0)),
            (if .relay == "pulsecam" then "" else $ours.gb_per_s / .gb_per_s | fixed(2) end),
            (if .relay == "pulsecam" then "" else $ours.cpu_s_per_gb / .cpu_s_per_gb | fixed(2) end) ])
      | table(["viewers", "relay", "GB/s", "CPU s/GB", "CPU s/GB at 30/s", "age at 30/s, p50 / p99 ms", "MB", "ours ÷ theirs, GB/s", "CPU s/GB"])) end),
    WINS: ((latency_wins + fanout_wins) | if . == [] then "Nowhere in this run." else join("\n") end)
  } as $parts
| reduce ($parts | to_entries[]) as $part ($template; split("@@\($part.key)@@") | join($part.value))
| rtrimstr("\n")
