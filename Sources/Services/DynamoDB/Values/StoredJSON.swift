internal import Primitives

/// Writes stored values as JSON, such as `{"S":"text"}`, by offsets into an item's bytes: nothing is retained on the way.
///
/// Damaged bytes end the container that they are in early.
enum StoredJSON {
    static func list(_ values: [AttributeMap], to output: inout [UInt8]) {
        output.append(UInt8(ascii: "["))
        var isFirst = true
        for value in values {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            self.map(value, to: &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    static func map(_ value: AttributeMap, to output: inout [UInt8]) {
        self.entries(value.storage.span, at: value.bodyStart, value.range.upperBound, to: &output)
    }

    /// The entries of a map's body, which begins with their count.
    private static func entries(_ bytes: Span<UInt8>, at start: Int, _ limit: Int, to output: inout [UInt8]) {
        let count = StoredWalk.length(bytes, at: start, limit) ?? 0
        output.append(UInt8(ascii: "{"))
        var offset = start + 4
        for index in 0..<count {
            guard let place = StoredWalk.entry(bytes, at: offset, limit) else { break }
            self.entry(bytes, place, isFirst: index == 0, to: &output)
            offset = place.valueEnd
        }
        output.append(UInt8(ascii: "}"))
    }

    @inline(__always)
    private static func entry(
        _ bytes: Span<UInt8>, _ place: StoredWalk.Place, isFirst: Bool, to output: inout [UInt8]
    ) {
        let opening: UInt64
        switch bytes[place.valueStart] {
        case AttributeType.s.rawValue: opening = self.opening(UInt8(ascii: "S"))
        case AttributeType.n.rawValue: opening = self.opening(UInt8(ascii: "N"))
        default: opening = 0
        }
        if opening != 0 {
            let text = bytes.extracting((place.valueStart + 5)..<place.valueEnd)
            if self.plainEntry(bytes.extracting(place.name), opening, text, isFirst: isFirst, to: &output) { return }
        }
        if !isFirst { output.append(UInt8(ascii: ",")) }
        JSONText.append(quoted: bytes.extracting(place.name), to: &output)
        output.append(UInt8(ascii: ":"))
        self.value(bytes, at: place.valueStart, place.valueEnd, to: &output)
    }

    /// `":{"S":"`, which stands between name and text, the lowest byte first.
    @inline(__always)
    private static func opening(_ letter: UInt8) -> UInt64 {
        0x223A_2200_227B_3A22 | UInt64(letter) << 32
    }

    /// Nearly every entry: a text or a number without anything to escape, in one go.
    /// - Returns: false, and nothing is appended, for any other.
    @inline(__always)
    private static func plainEntry(
        _ name: Span<UInt8>, _ opening: UInt64, _ text: Span<UInt8>, isFirst: Bool, to output: inout [UInt8]
    ) -> Bool {
        unsafe name.withUnsafeBytes { name in
            unsafe text.withUnsafeBytes { text in
                guard unsafe JSONText.isPlain(text), unsafe JSONText.isPlain(name) else { return false }
                output.append(bytesMax: name.count + text.count + 12) { cursor in
                    if !isFirst { cursor.append(byte: UInt8(ascii: ",")) }
                    cursor.append(byte: UInt8(ascii: "\""))
                    unsafe cursor.append(name)
                    cursor.append(long: opening)
                    unsafe cursor.append(text)
                    cursor.append("\"}")
                }
                return true
            }
        }
    }

    /// The value that stands from `start` to `end`, as `StoredWalk` found it.
    static func value(_ bytes: Span<UInt8>, at start: Int, _ end: Int, to output: inout [UInt8]) {
        guard let type = AttributeType(storedByte: bytes[start]) else { return }
        output.append(contentsOf: "{\"".utf8)
        output.append(contentsOf: type.descriptor.utf8)
        output.append(contentsOf: "\":".utf8)
        switch type {
        case .s, .n: JSONText.append(quoted: bytes.extracting((start + 5)..<end), to: &output)
        case .b: self.binary(bytes.extracting((start + 5)..<end), to: &output)
        case .bool: self.truth(bytes[start] == AttributeType.bool.rawValue, to: &output)
        case .null: self.truth(true, to: &output)
        case .m: self.entries(bytes, at: start + 5, end, to: &output)
        case .l: self.elements(bytes, at: start + 5, end, to: &output)
        case .ss, .ns, .bs: self.set(bytes, at: start + 5, end, isBinary: type == .bs, to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    private static func truth(_ value: Bool, to output: inout [UInt8]) {
        output.append(contentsOf: (value ? "true" : "false").utf8)
    }

    private static func binary(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        output.append(bytesMax: Base64.encodedCount(bytes.count) + 2) { cursor in
            cursor.append(byte: UInt8(ascii: "\""))
            Base64.append(bytes, to: &cursor)
            cursor.append(byte: UInt8(ascii: "\""))
        }
    }

    private static func elements(_ bytes: Span<UInt8>, at start: Int, _ limit: Int, to output: inout [UInt8]) {
        let count = StoredWalk.length(bytes, at: start, limit) ?? 0
        output.append(UInt8(ascii: "["))
        var offset = start + 4
        for index in 0..<count {
            guard let end = StoredWalk.valueEnd(bytes, at: offset, limit) else { break }
            if index > 0 { output.append(UInt8(ascii: ",")) }
            self.value(bytes, at: offset, end, to: &output)
            offset = end
        }
        output.append(UInt8(ascii: "]"))
    }

    private static func set(
        _ bytes: Span<UInt8>, at start: Int, _ limit: Int, isBinary: Bool, to output: inout [UInt8]
    ) {
        let count = StoredWalk.length(bytes, at: start, limit) ?? 0
        output.append(UInt8(ascii: "["))
        var offset = start + 4
        for index in 0..<count {
            guard let length = StoredWalk.length(bytes, at: offset, limit), length <= limit - offset - 4 else { break }
            let content = bytes.extracting((offset + 4)..<(offset + 4 + length))
            if index > 0 { output.append(UInt8(ascii: ",")) }
            if isBinary {
                self.binary(content, to: &output)
            } else {
                JSONText.append(quoted: content, to: &output)
            }
            offset += 4 + length
        }
        output.append(UInt8(ascii: "]"))
    }
}
