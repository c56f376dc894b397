-- Wireshark dissector of mcastkit probe datagrams, version 1: docs/protocols/probe.md.
--
--   wireshark -X lua_script:mcastkit.lua
--
-- Recognised on any UDP port by the magic number. Runs on Lua 5.2 (Wireshark 2 to 4.2) and later.

local probe = Proto("mcastkit", "mcastkit probe")

local HEADER_OCTETS = 52
local MAGIC = 0x4d434b50
local VERSION = 1
local PORT = 5001
local CHECK_SEED = 0x243f6a88
local WORD = 4294967296

-- Octet of each word that the check covers, and its multiplier; the send time (28 to 35) is not covered.
local CHECKED = {
  { 0, 0x9e3779b9 },
  { 4, 0x3c6ef373 },
  { 8, 0xdaa66d2b },
  { 12, 0x78dde6e5 },
  { 16, 0x1715609d },
  { 20, 0xb54cda57 },
  { 24, 0x5384540f },
  { 36, 0x2e2ac13b },
  { 40, 0xcc623af3 },
  { 44, 0x6a99b4ad },
}

local DSCP_NAMES = {
  [0] = "CS0", [1] = "LE", [8] = "CS1", [10] = "AF11", [12] = "AF12", [14] = "AF13", [16] = "CS2", [18] = "AF21",
  [20] = "AF22", [22] = "AF23", [24] = "CS3", [26] = "AF31", [28] = "AF32", [30] = "AF33", [32] = "CS4", [34] = "AF41",
  [36] = "AF42", [38] = "AF43", [40] = "CS5", [44] = "VA", [46] = "EF", [48] = "CS6", [56] = "CS7",
}
local ECN_NAMES = { [0] = "Not-ECT", [1] = "ECT(1)", [2] = "ECT(0)", [3] = "CE" }
local SEND_TIME_NAMES = { "when it was due", "when it left" }

local f = {
  magic = ProtoField.uint32("mcastkit.magic", "Magic", base.HEX),
  version = ProtoField.uint8("mcastkit.version", "Version"),
  flags = ProtoField.uint8("mcastkit.flags", "Flags", base.HEX),
  start_marker = ProtoField.bool("mcastkit.flags.start", "Start marker", 8, nil, 0x01),
  end_marker = ProtoField.bool("mcastkit.flags.end", "End marker", 8, nil, 0x02),
  super_packets = ProtoField.bool("mcastkit.flags.super_packets", "Super-packets", 8, nil, 0x04),
  due_time = ProtoField.bool("mcastkit.flags.due_time", "Send time is", 8, SEND_TIME_NAMES, 0x08),
  header_octets = ProtoField.uint8("mcastkit.header_octets", "Header octets"),
  tos = ProtoField.uint8("mcastkit.tos", "DSCP and ECN as sent", base.HEX),
  dscp = ProtoField.uint8("mcastkit.dscp", "DSCP as sent", base.DEC, DSCP_NAMES, 0xfc),
  ecn = ProtoField.uint8("mcastkit.ecn", "ECN as sent", base.DEC, ECN_NAMES, 0x03),
  ttl = ProtoField.uint8("mcastkit.ttl", "TTL or hop limit as sent"),
  reserved = ProtoField.bytes("mcastkit.reserved", "Reserved"),
  run_id = ProtoField.uint32("mcastkit.run_id", "Run id", base.HEX),
  flow = ProtoField.uint32("mcastkit.flow", "Flow"),
  sequence = ProtoField.uint64("mcastkit.sequence", "Sequence"),
  send_time = ProtoField.absolute_time("mcastkit.send_time", "Send time", base.UTC),
  send_time_ns = ProtoField.uint64("mcastkit.send_time_ns", "Send time, ns since 1970"),
  total = ProtoField.uint64("mcastkit.total", "Total offered to the network"),
  not_sent = ProtoField.uint32("mcastkit.not_sent", "Not sent"),
  check = ProtoField.uint32("mcastkit.check", "Check", base.HEX),
  check_status = ProtoField.uint8("mcastkit.check.status", "Check status", base.DEC, { [0] = "Bad", [1] = "Good" }),
  check_calculated = ProtoField.uint32("mcastkit.check.calculated", "Calculated check", base.HEX),
  filling = ProtoField.bytes("mcastkit.filling", "Filling"),
}
local fields = {}
for _, field in pairs(f) do
  fields[#fields + 1] = field
end
probe.fields = fields

local e = {
  check = ProtoExpert.new("mcastkit.check.bad", "Bad check", expert.group.CHECKSUM, expert.severity.ERROR),
  version = ProtoExpert.new(
    "mcastkit.version.unknown", "Version is not known", expert.group.UNDECODED, expert.severity.WARN),
  header = ProtoExpert.new(
    "mcastkit.header_octets.bad", "Version 1 has a header of 52 octets", expert.group.MALFORMED, expert.severity.ERROR),
  reserved = ProtoExpert.new(
    "mcastkit.reserved.bad", "Reserved bits are not 0", expert.group.MALFORMED, expert.severity.ERROR),
  markers = ProtoExpert.new(
    "mcastkit.flags.bad", "Start and end marker in one", expert.group.MALFORMED, expert.severity.ERROR),
  not_sent = ProtoExpert.new(
    "mcastkit.not_sent.some", "The sender's own host refused datagrams", expert.group.SEQUENCE, expert.severity.NOTE),
}
probe.experts = { e.check, e.version, e.header, e.reserved, e.markers, e.not_sent }

-- Product modulo 2^32 by halves: exact where numbers are float64 (Lua 5.2) and where they are integers.
local function product(a, b)
  local low = a % 65536
  local high = (a - low) / 65536
  return (low * b + (high * (b % 65536)) % 65536 * 65536) % WORD
end

-- w xor (w >> 16), without the bit library that differs between versions of Lua.
local function fold(w)
  local high = math.floor(w / 65536)
  local low = w % 65536
  local folded = 0
  local place = 1
  for _ = 1, 16 do
    if math.floor(high / place) % 2 ~= math.floor(low / place) % 2 then folded = folded + place end
    place = place * 2
  end
  return high * 65536 + folded
end

local function calculated(buffer)
  local sum = CHECK_SEED
  for _, pair in ipairs(CHECKED) do
    sum = (sum + product(fold(buffer(pair[1], 4):uint()), pair[2])) % WORD
  end
  return math.floor(sum)
end

local function is_probe(buffer)
  return buffer:reported_length_remaining() >= HEADER_OCTETS and buffer:len() >= HEADER_OCTETS
    and buffer(0, 4):uint() == MAGIC
end

local function kind_of(is_start, is_end)
  if is_start then return "Start" end
  if is_end then return "End" end
  return "Data"
end

function probe.dissector(buffer, pinfo, tree)
  if not is_probe(buffer) then return 0 end
  local length = buffer:len()
  local version = buffer(4, 1):uint()
  pinfo.cols.protocol = "mcastkit"
  local root = tree:add(probe, buffer(0, version == VERSION and HEADER_OCTETS or length))
  root:add(f.magic, buffer(0, 4))
  local version_item = root:add(f.version, buffer(4, 1))
  if version ~= VERSION then
    version_item:add_proto_expert_info(e.version)
    pinfo.cols.info = "probe of version " .. version
    return length
  end

  local is_start = buffer(5, 1):bitfield(7, 1) == 1
  local is_end = buffer(5, 1):bitfield(6, 1) == 1
  local flags = root:add(f.flags, buffer(5, 1))
  flags:add(f.start_marker, buffer(5, 1))
  flags:add(f.end_marker, buffer(5, 1))
  flags:add(f.super_packets, buffer(5, 1))
  flags:add(f.due_time, buffer(5, 1))
  if buffer(5, 1):bitfield(0, 4) ~= 0 then flags:add_proto_expert_info(e.reserved) end
  if is_start and is_end then flags:add_proto_expert_info(e.markers) end

  local header_item = root:add(f.header_octets, buffer(6, 1))
  if buffer(6, 1):uint() ~= HEADER_OCTETS then header_item:add_proto_expert_info(e.header) end
  local tos = root:add(f.tos, buffer(7, 1))
  tos:add(f.dscp, buffer(7, 1))
  tos:add(f.ecn, buffer(7, 1))
  root:add(f.ttl, buffer(8, 1))
  local reserved_item = root:add(f.reserved, buffer(9, 3))
  if buffer(9, 3):uint() ~= 0 then reserved_item:add_proto_expert_info(e.reserved) end

  root:add(f.run_id, buffer(12, 4))
  root:add(f.flow, buffer(16, 4))
  root:add(f.sequence, buffer(20, 8))
  local ns = buffer(28, 8):uint64()
  local second = UInt64(1000000000)
  root:add(f.send_time, buffer(28, 8), NSTime((ns / second):tonumber(), (ns % second):tonumber()))
  root:add(f.send_time_ns, buffer(28, 8)):set_generated()
  root:add(f.total, buffer(36, 8))
  local not_sent = buffer(44, 4):uint()
  local not_sent_item = root:add(f.not_sent, buffer(44, 4))
  if not_sent > 0 then not_sent_item:add_proto_expert_info(e.not_sent) end

  local expected = calculated(buffer)
  local is_good = expected == buffer(48, 4):uint()
  local check_item = root:add(f.check, buffer(48, 4))
  check_item:append_text(is_good and " [correct]" or string.format(" [incorrect, should be 0x%08x]", expected))
  root:add(f.check_calculated, buffer(48, 4), expected):set_generated()
  root:add(f.check_status, buffer(48, 4), is_good and 1 or 0):set_generated()
  if not is_good then check_item:add_proto_expert_info(e.check) end

  local summary = string.format("%s run %08x flow %d sequence %s", kind_of(is_start, is_end), buffer(12, 4):uint(),
    buffer(16, 4):uint(), tostring(buffer(20, 8):uint64()))
  if not_sent > 0 then summary = summary .. " not sent " .. not_sent end
  if not is_good then summary = summary .. " [bad check]" end
  pinfo.cols.info = summary
  root:append_text(", " .. summary)

  if length > HEADER_OCTETS then tree:add(f.filling, buffer(HEADER_OCTETS)) end
  return length
end

probe:register_heuristic("udp", function(buffer, pinfo, tree)
  if not is_probe(buffer) then return false end
  probe.dissector(buffer, pinfo, tree)
  return true
end)

DissectorTable.get("udp.port"):add(PORT, probe)
