// What the dashboard is made of, by Grafana's types; of those that a plugin adds, what ours has.
import type * as schema from '@grafana/schema';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as stateTimeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeSeries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** As JSON has it: a text, and not the constant of an enum. */
type Json<T> = T extends string
  ? `${T}`
  : T extends (infer Item)[]
    ? Json<Item>[]
    : T extends object
      ? { [Name in keyof T]: Json<T[Name]> }
      : T;

/** What is left out Grafana fills with the panel's defaults. */
type Given<T> = T extends (infer Item)[] ? Given<Item>[] : T extends object ? { [Name in keyof T]?: Given<T[Name]> } : T;

/** A question to Prometheus. The schema leaves these to the plugin. */
interface Target extends schema.DataQuery {
  expr: string;
  legendFormat?: string;
  range?: boolean;
  instant?: boolean;
  format?: 'time_series' | 'table' | 'heatmap';
  interval?: string;
}

/** A panel of one kind: the schema's own takes any options. */
type PanelOf<Kind extends string, Options, Custom> = Omit<schema.Panel, 'type' | 'targets' | 'options' | 'fieldConfig'> & {
  type: Kind;
  targets: Target[];
  options: Given<Options>;
  fieldConfig: Omit<schema.FieldConfigSource, 'defaults'> & {
    defaults: Omit<schema.FieldConfig, 'custom'> & { custom?: Given<Custom> };
  };
};

type Panel =
  | schema.RowPanel
  | PanelOf<'stat', stat.Options, never>
  | PanelOf<'state-timeline', stateTimeline.Options, stateTimeline.FieldConfig>
  | PanelOf<'table', table.Options, table.FieldConfig>
  | PanelOf<'timeseries', timeSeries.Options, timeSeries.FieldConfig>;

/** With what the plugin of Prometheus adds. */
type Annotation = schema.AnnotationQuery<Target> & { titleFormat?: string; textFormat?: string };

/** With a text of the query, which Grafana writes too. */
type Variable = schema.VariableModel & { definition?: string };

export type Dashboard = Json<
  Omit<schema.Dashboard, 'panels' | 'annotations' | 'templating'> & {
    panels: Panel[];
    annotations: { list: Annotation[] };
    templating: { list: Variable[] };
  }
>;
