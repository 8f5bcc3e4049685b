internal import Primitives

/// Writes JSON without spaces.
struct PolicyWriter {
    private(set) var text = ""
    /// Whether a comma goes before the next member or element.
    private var mustSeparate = false

    mutating func object(_ body: (inout PolicyWriter) -> Void) {
        self.text += "{"
        self.mustSeparate = false
        body(&self)
        self.text += "}"
        self.mustSeparate = true
    }

    mutating func array<Element>(_ elements: [Element], _ body: (inout PolicyWriter, Element) -> Void) {
        self.text += "["
        self.mustSeparate = false
        for element in elements {
            self.separate()
            body(&self, element)
        }
        self.text += "]"
        self.mustSeparate = true
    }

    mutating func name(_ name: String) {
        self.separate()
        self.string(name)
        self.text += ":"
    }

    mutating func member(_ name: String, _ value: String) {
        self.name(name)
        self.string(value)
    }

    /// A list of one is its element.
    mutating func member(_ name: String, _ values: [String]) {
        self.name(name)
        if values.count == 1 {
            self.string(values[0])
        } else {
            self.array(values) { writer, value in writer.string(value) }
        }
    }

    private mutating func separate() {
        if self.mustSeparate { self.text += "," }
        self.mustSeparate = true
    }

    private mutating func string(_ value: String) {
        self.text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": self.text += "\\\""
            case "\\": self.text += "\\\\"
            case "\u{0}"..."\u{1F}": self.text += "\\u00" + Hex.encode(CollectionOfOne(UInt8(scalar.value)))
            default: self.text.unicodeScalars.append(scalar)
            }
        }
        self.text += "\""
    }
}
