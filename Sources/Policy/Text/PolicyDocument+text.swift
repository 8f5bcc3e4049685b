internal import Primitives

extension PolicyDocument {
    /// The policy in IAM's normal form: no spaces, members in IAM's order, lists of one as their only element.
    ///
    /// It reads back as the same document, and two texts of the same meaning have one normal form.
    package var text: String {
        var writer = PolicyWriter()
        writer.object { writer in
            if let version = self.version { writer.member("Version", version.rawValue) }
            if let id = self.id { writer.member("Id", id) }
            writer.name("Statement")
            writer.array(self.statements) { writer, statement in statement.write(to: &writer) }
        }
        return writer.text
    }
}

extension PolicyStatement {
    fileprivate func write(to writer: inout PolicyWriter) {
        writer.object { writer in
            if let sid = self.sid { writer.member("Sid", sid) }
            writer.member("Effect", self.effect.rawValue)
            self.principal?.write(to: &writer)
            writer.member(self.action.isNegated ? "NotAction" : "Action", self.action.values.map(\.text))
            if let resource = self.resource {
                writer.member(resource.isNegated ? "NotResource" : "Resource", resource.values.map(\.text))
            }
            if !self.conditions.isEmpty { self.writeConditions(to: &writer) }
        }
    }

    private func writeConditions(to writer: inout PolicyWriter) {
        writer.name("Condition")
        writer.object { writer in
            // Conditions of one operator are one object, as they were read.
            var written: Set<ConditionOperator> = []
            for condition in self.conditions where written.insert(condition.comparison).inserted {
                writer.name(condition.comparison.description)
                writer.object { writer in
                    for other in self.conditions where other.comparison == condition.comparison {
                        writer.member(other.key, other.values.map(\.text))
                    }
                }
            }
        }
    }
}

extension PolicyPrincipals {
    fileprivate func write(to writer: inout PolicyWriter) {
        let name = self.isNegated ? "NotPrincipal" : "Principal"
        switch self.form {
        case .everyone: writer.member(name, "*")
        case .named(let named):
            writer.name(name)
            writer.object { writer in
                for entry in named { writer.member(entry.kind.rawValue, entry.values) }
            }
        }
    }
}

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
