internal import Primitives

extension HeaderFields {
    /// The same lines with a `Host` that has lost its port; nil where it has none.
    var withoutHostPort: HeaderFields? {
        let bytes = self.bytes
        guard let place = self.lines.firstIndex(where: { isNamed(bytes.span.extracting($0.name), "host") }) else {
            return nil
        }
        let line = self.lines[place]
        guard let colon = bytes[line.value].lastIndex(of: UInt8(ascii: ":")), colon > line.value.lowerBound else {
            return nil
        }
        // The last colon of an IPv6 address without a port has a bracket behind it.
        let port = (colon + 1)..<line.value.upperBound
        guard !port.isEmpty, bytes[port].allSatisfy(ASCII.isDigit) else { return nil }
        var lines = self.lines
        lines[place] = Line(name: line.name, value: line.value.lowerBound..<colon)
        return HeaderFields(bytes.span, lines: lines)
    }
}
