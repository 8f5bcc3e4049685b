internal import Primitives

/// Writes stored values as JSON, such as `{"S":"text"}`, by offsets into an item's bytes: nothing is retained.
///
/// Damaged bytes end the container that contains them early.
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
        self.name(bytes.extracting(place.name), isFirst: isFirst, to: &output)
        self.value(bytes, at: place.valueStart, place.valueEnd, to: &output)
    }

    /// `,"name":`
    private static func name(_ name: Span<UInt8>, isFirst: Bool, to output: inout [UInt8]) {
        if !isFirst { output.append(UInt8(ascii: ",")) }
        self.quoted("", name, ":", to: &output)
    }

    /// A quoted text, with the literals before and after it.
    @inline(__always)
    private static func quoted(
        _ opening: StaticString, _ text: Span<UInt8>, _ closing: StaticString, to output: inout [UInt8]
    ) {
        unsafe text.withUnsafeBytes { bytes in
            if unsafe JSONText.isPlain(bytes) {
                let count = opening.utf8CodeUnitCount + bytes.count + closing.utf8CodeUnitCount + 2
                output.append(bytesMax: count) { cursor in
                    cursor.append(opening)
                    unsafe cursor.append(quoted: bytes)
                    cursor.append(closing)
                }
            } else {
                self.words(opening, to: &output)
                JSONText.append(quoted: text, to: &output)
                self.words(closing, to: &output)
            }
        }
    }

    @inline(__always)
    private static func words(_ text: StaticString, to output: inout [UInt8]) {
        output.append(bytesMax: text.utf8CodeUnitCount) { $0.append(text) }
    }

    /// `":{"S":"`, the literal between name and text, lowest byte first.
    @inline(__always)
    private static func opening(_ letter: UInt8) -> UInt64 {
        0x223A_2200_227B_3A22 | UInt64(letter) << 32
    }

    /// Writes an entry that is a text or a number without characters to escape, in one go: nearly every entry.
    /// - Returns: false for any other entry; nothing is appended.
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

    /// The value from `start` to `end`, as `StoredWalk` found it.
    static func value(_ bytes: Span<UInt8>, at start: Int, _ end: Int, to output: inout [UInt8]) {
        guard let type = AttributeType(storedByte: bytes[start]) else { return }
        switch type {
        case .s: self.quoted(#"{"S":"#, bytes.extracting((start + 5)..<end), "}", to: &output)
        case .n: self.quoted(#"{"N":"#, bytes.extracting((start + 5)..<end), "}", to: &output)
        case .b: self.binary(#"{"B":"#, bytes.extracting((start + 5)..<end), "}", to: &output)
        case .bool where bytes[start] == AttributeType.bool.rawValue: self.words(#"{"BOOL":true}"#, to: &output)
        case .bool: self.words(#"{"BOOL":false}"#, to: &output)
        case .null: self.words(#"{"NULL":true}"#, to: &output)
        case .m:
            self.words(#"{"M":"#, to: &output)
            self.entries(bytes, at: start + 5, end, to: &output)
            output.append(UInt8(ascii: "}"))
        case .l:
            self.words(#"{"L":["#, to: &output)
            self.elements(bytes, at: start + 5, end, to: &output)
            self.words("]}", to: &output)
        case .ss: self.set(#"{"SS":["#, bytes, at: start + 5, end, isBinary: false, to: &output)
        case .ns: self.set(#"{"NS":["#, bytes, at: start + 5, end, isBinary: false, to: &output)
        case .bs: self.set(#"{"BS":["#, bytes, at: start + 5, end, isBinary: true, to: &output)
        }
    }

    private static func binary(
        _ opening: StaticString, _ bytes: Span<UInt8>, _ closing: StaticString, to output: inout [UInt8]
    ) {
        let count = opening.utf8CodeUnitCount + Base64.encodedCount(bytes.count) + closing.utf8CodeUnitCount + 2
        output.append(bytesMax: count) { cursor in
            cursor.append(opening)
            cursor.append(byte: UInt8(ascii: "\""))
            Base64.append(bytes, to: &cursor)
            cursor.append(byte: UInt8(ascii: "\""))
            cursor.append(closing)
        }
    }

    private static func elements(_ bytes: Span<UInt8>, at start: Int, _ limit: Int, to output: inout [UInt8]) {
        let count = StoredWalk.length(bytes, at: start, limit) ?? 0
        var offset = start + 4
        for index in 0..<count {
            guard let end = StoredWalk.valueEnd(bytes, at: offset, limit) else { break }
            if index > 0 { output.append(UInt8(ascii: ",")) }
            self.value(bytes, at: offset, end, to: &output)
            offset = end
        }
    }

    private static func set(
        _ opening: StaticString, _ bytes: Span<UInt8>, at start: Int, _ limit: Int, isBinary: Bool,
        to output: inout [UInt8]
    ) {
        self.words(opening, to: &output)
        let count = StoredWalk.length(bytes, at: start, limit) ?? 0
        var offset = start + 4
        for index in 0..<count {
            guard let length = StoredWalk.length(bytes, at: offset, limit), length <= limit - offset - 4 else { break }
            let content = bytes.extracting((offset + 4)..<(offset + 4 + length))
            let separator: StaticString = index == 0 ? "" : ","
            if isBinary {
                self.binary(separator, content, "", to: &output)
            } else {
                self.quoted(separator, content, "", to: &output)
            }
            offset += 4 + length
        }
        self.words("]}", to: &output)
    }
}
