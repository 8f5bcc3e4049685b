internal import DynamoDBValues

extension TableRecord {
    static func vectorIndex(_ index: VectorIndexDescriptor) -> AttributeValue {
        var tree = AttributeTree([
            .init("name", .s(index.name)), .init("number", self.number(Int(index.number))),
            .init("attribute", .s(index.attribute)), .init("dimensions", self.number(index.dimensions)),
            .init("distance", .s(index.distance.rawValue)),
            .init("partition", self.elements(index.partition.map { [$0] } ?? [])),
            .init("filters", self.elements(index.filters)), .init("projection", self.projection(index.projection)),
        ])
        tree["state"] = self.state(index.state)
        return .m(tree)
    }

    /// - Returns: nil when the record is damaged.
    static func vectorIndex(_ value: AttributeValue) -> VectorIndexDescriptor? {
        guard case .m(let tree) = value, let name = self.text(tree["name"]),
            let number = self.integer(tree["number"]).flatMap(UInt16.init(exactly:)),
            number >= VectorIndexDescriptor.numberMin, let attribute = self.text(tree["attribute"]),
            let dimensions = self.integer(tree["dimensions"]),
            (1...VectorIndexRule.dimensionsMax).contains(dimensions),
            let distance = self.text(tree["distance"]).flatMap(VectorDistance.init(rawValue:)),
            let partition = self.elements(tree["partition"]), partition.count <= 1,
            let filters = self.elements(tree["filters"]), let projection = self.projection(tree["projection"]),
            let state = self.state(tree["state"])
        else { return nil }
        return VectorIndexDescriptor(
            name: name,
            number: number,
            attribute: attribute,
            dimensions: dimensions,
            distance: distance,
            partition: partition.first,
            filters: filters,
            projection: projection,
            state: state
        )
    }
}
