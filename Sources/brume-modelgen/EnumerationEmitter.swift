/// Writes the Swift type of one enumeration: open, so that a value this version does not know survives.
struct EnumerationEmitter {
    let service: ServiceIR
    let shape: ModelFile.Shape

    func lines() -> [String] {
        let values = self.shape.enum ?? []
        var lines = [
            "package struct \(self.service.typeName(self.shape.name)): RawRepresentable, Hashable, Sendable {",
            "    package let rawValue: String",
            "",
            "    package init(rawValue: String) {",
            "        self.rawValue = rawValue",
            "    }",
            "",
        ]
        for (constant, value) in zip(SwiftNames.constants(values), values) {
            lines.append("    package static let \(constant) = Self(rawValue: \(SwiftLiteral.string(value)))")
        }
        return lines + ["}"]
    }
}

/// Literals of Swift.
enum SwiftLiteral {
    static func string(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": output += "\\" + String(scalar)
            case " "..."~": output.unicodeScalars.append(scalar)
            default: output += "\\u{" + String(scalar.value, radix: 16) + "}"
            }
        }
        return output + "\""
    }
}
