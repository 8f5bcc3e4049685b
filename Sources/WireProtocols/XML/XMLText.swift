internal import ServiceModel

/// Functions that write pieces of XML as text.
enum XMLText {
    /// The XML declaration, followed by a newline.
    static let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

    /// Appends text and escapes everything that a parser would not read back unchanged.
    static func append(_ text: String, isAttribute: Bool = false, to output: inout [UInt8]) {
        var text = text
        text.withUTF8 { buffer in
            self.append(unsafe buffer.span, isAttribute: isAttribute, to: &output)
        }
    }

    /// Appends UTF-8 and escapes everything that a parser would not read back unchanged. Runs without such bytes are
    /// copied at once.
    static func append(_ text: Span<UInt8>, isAttribute: Bool = false, to output: inout [UInt8]) {
        unsafe text.withUnsafeBufferPointer { buffer in
            var start = 0
            for index in buffer.indices {
                let byte = unsafe buffer[index]
                guard byte < 0x20 || byte == 0x26 || byte == 0x3C || byte == 0x3E || byte == 0x22 || byte == 0xEF else {
                    continue
                }
                let escape: StaticString
                var length = 1
                if byte == 0xEF {
                    guard index + 2 < buffer.count, unsafe buffer[index + 1] == 0xBF else { continue }
                    let last = unsafe buffer[index + 2]
                    guard last >= 0xBE else { continue }
                    escape = last == 0xBE ? "&#xFFFE;" : "&#xFFFF;"
                    length = 3
                } else {
                    guard let found = self.escape(byte, isAttribute: isAttribute) else { continue }
                    escape = found
                }
                unsafe output.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[start..<index]))
                self.append(escape, to: &output)
                start = index + length
            }
            unsafe output.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[start...]))
        }
    }

    private static let controlEscapes: [StaticString] = [
        // NUL cannot be expressed in any version of XML.
        "\u{FFFD}", "&#x1;", "&#x2;", "&#x3;", "&#x4;", "&#x5;", "&#x6;", "&#x7;", "&#x8;", "&#x9;", "&#xA;", "&#xB;",
        "&#xC;", "&#xD;", "&#xE;", "&#xF;", "&#x10;", "&#x11;", "&#x12;", "&#x13;", "&#x14;", "&#x15;", "&#x16;",
        "&#x17;", "&#x18;", "&#x19;", "&#x1A;", "&#x1B;", "&#x1C;", "&#x1D;", "&#x1E;", "&#x1F;",
    ]

    /// The reference for a byte; nil if it needs no escape.
    private static func escape(_ byte: UInt8, isAttribute: Bool) -> StaticString? {
        switch byte {
        case UInt8(ascii: "&"): "&amp;"
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case UInt8(ascii: "\""): isAttribute ? "&quot;" : nil
        case 0x09, 0x0A: isAttribute ? self.controlEscapes[Int(byte)] : nil
        default: self.controlEscapes[Int(byte)]
        }
    }

    private static func append(_ text: StaticString, to output: inout [UInt8]) {
        unsafe output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    static func appendStartTag(_ name: String, _ namespace: XMLNamespace?, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "<"))
        output.append(contentsOf: name.utf8)
        if let namespace {
            output.append(contentsOf: " xmlns".utf8)
            if let prefix = namespace.prefix, !prefix.isEmpty {
                output.append(UInt8(ascii: ":"))
                output.append(contentsOf: prefix.utf8)
            }
            output.append(contentsOf: "=\"".utf8)
            self.append(namespace.uri, isAttribute: true, to: &output)
            output.append(UInt8(ascii: "\""))
        }
        output.append(UInt8(ascii: ">"))
    }

    static func appendEndTag(_ name: String, to output: inout [UInt8]) {
        output.append(contentsOf: "</".utf8)
        output.append(contentsOf: name.utf8)
        output.append(UInt8(ascii: ">"))
    }

    /// Appends an element that contains only text.
    static func appendElement(_ name: String, _ text: String, to output: inout [UInt8]) {
        self.appendStartTag(name, nil, to: &output)
        self.append(text, to: &output)
        self.appendEndTag(name, to: &output)
    }
}
